#include "tests/wall/tls_listener.hpp"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <vector>

namespace gumshoe::test {
namespace {

constexpr long day = 24L * 3600;

void must(bool well, const char* what) {
    if (!well) throw std::runtime_error(what);
}

template <class T, void (*release)(T*)>
using Owned = std::unique_ptr<T, decltype([](T* held) { release(held); })>;

}  // namespace

struct TlsListener::Context {
    Owned<SSL_CTX, SSL_CTX_free> ssl{SSL_CTX_new(TLS_server_method())};

    explicit Context(bool expired) {
        const Owned<EVP_PKEY, EVP_PKEY_free> key(EVP_EC_gen("P-256"));
        const Owned<X509, X509_free> certificate(X509_new());
        must(ssl && key && certificate, "no certificate could be made");
        ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -2 * day);
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), expired ? -day : day);
        X509_NAME* name = X509_get_subject_name(certificate.get());
        const std::string host = "127.0.0.1";
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(host.c_str()), -1, -1, 0);
        X509_set_issuer_name(certificate.get(), name);
        X509_set_pubkey(certificate.get(), key.get());
        X509_EXTENSION* of_host = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
        X509_add_ext(certificate.get(), of_host, -1);
        X509_EXTENSION_free(of_host);
        must(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0, "the certificate could not be signed");
        must(SSL_CTX_use_certificate(ssl.get(), certificate.get()) == 1, "the certificate is refused");
        must(SSL_CTX_use_PrivateKey(ssl.get(), key.get()) == 1, "the key is refused");
    }
};

TlsListener::TlsListener(bool expired) : context_(std::make_unique<Context>(expired)) {
    std::signal(SIGPIPE, SIG_IGN);  // the caller hangs up in the middle of the handshake
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    must(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(socket_, 64) == 0, "cannot listen");
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
}

TlsListener::~TlsListener() {
    stopping_ = true;
    thread_.join();
    ::close(socket_);
}

std::string TlsListener::url() const {
    return "https://127.0.0.1:" + std::to_string(port_);
}

void TlsListener::serve() {
    std::vector<std::thread> calls;
    while (!stopping_) {
        pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
        if (::poll(&waiting, 1, 50) <= 0) continue;
        const int connection = ::accept(socket_, nullptr, nullptr);
        if (connection < 0) continue;
        ++connections_;
        calls.emplace_back([this, connection] { answer(connection); });
    }
    for (std::thread& call : calls) call.join();
}

void TlsListener::answer(int connection) {
    const timeval patience{.tv_sec = 2, .tv_usec = 0};
    ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const Owned<SSL, SSL_free> tls(SSL_new(context_->ssl.get()));
    SSL_set_fd(tls.get(), connection);
    std::array<char, 64> bytes{};
    if (SSL_accept(tls.get()) == 1 && SSL_read(tls.get(), bytes.data(), bytes.size()) > 0) ++believed_;
    ::close(connection);
}

}  // namespace gumshoe::test
