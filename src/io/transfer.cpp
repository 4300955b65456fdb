// One HTTP call on one libcurl easy handle.
#include "io/transfer.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/text.hpp"
#include "base/version.hpp"

namespace gumshoe {
namespace {

constexpr std::size_t response_header_bytes = 64 * 1024;
// A body that inflates more than this many times is a bomb; small bodies (a page of zeros) are let through.
constexpr std::size_t inflation_ratio = 100;
constexpr std::size_t inflation_ratio_from = 1024 * 1024;
constexpr std::size_t curl_buffer_bytes = 16 * 1024;  // wire bytes that curl's counter may lag behind

bool is_idempotent(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS";
}

/// Proxies come from the environment as for curl (https_proxy, http_proxy, no_proxy), but never for this machine itself.
std::string read_no_proxy() {
    // Nobody changes the environment while we run.
    const char* given = std::getenv("no_proxy");            // NOLINT(concurrency-mt-unsafe)
    if (given == nullptr) given = std::getenv("NO_PROXY");  // NOLINT(concurrency-mt-unsafe)
    std::string own = "localhost,127.0.0.1,::1";
    if (given == nullptr || *given == '\0') return own;
    return trim(given) == "*" ? "*" : own + "," + given;
}

const std::string& no_proxy() {
    static const std::string list = read_no_proxy();
    return list;
}

const std::string& user_agent() {
    static const std::string name = "gumshoe/" + std::string(version());
    return name;
}

struct UrlCleanup {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::optional<std::string> url_part(CURLU* url, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, 0) != CURLUE_OK || text == nullptr) return std::nullopt;
    std::string copy(text);
    curl_free(text);
    return copy;
}

milliseconds elapsed(CURL* easy, CURLINFO info) {
    curl_off_t micros = 0;
    curl_easy_getinfo(easy, info, &micros);
    return milliseconds(micros / 1000);
}

}  // namespace

result<std::string> checked_host(std::string_view text) {
    Error bad{errc::invalid_argument, "not a URL that can be called (http or https with a host, no user information)"};
    if (!std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c != 0x7f; })) return bad;
    std::unique_ptr<CURLU, UrlCleanup> url(curl_url());
    if (!url || curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), 0) != CURLUE_OK) return bad;
    const auto scheme = url_part(url.get(), CURLUPART_SCHEME);
    auto host = url_part(url.get(), CURLUPART_HOST);
    if (scheme != "http" && scheme != "https") return bad;
    if (!host || host->empty()) return bad;
    if (url_part(url.get(), CURLUPART_USER) || url_part(url.get(), CURLUPART_PASSWORD)) return bad;
    const auto port = url_part(url.get(), CURLUPART_PORT);
    return port ? *host + ":" + *port : *host;
}

Transfer::Transfer(HttpRequest request, std::string host, milliseconds span, std::optional<Stream> stream)
    : request_(std::move(request)), host_(std::move(host)), span_(span), stream_(std::move(stream)) {}

Transfer::~Transfer() {
    curl_slist_free_all(static_cast<curl_slist*>(header_list_));
}

void Transfer::prepare(void* easy) {
    easy_ = easy;
    started_ = std::chrono::steady_clock::now();
    const auto total = static_cast<long>(std::max<std::int64_t>(1, span_.count()));
    curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // a name server that does not answer must not hold up the loop
    curl_easy_setopt(easy, CURLOPT_NOPROXY, no_proxy().c_str());
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, total);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, std::clamp<long>(static_cast<long>(request_.connect_timeout.count()), 1, total));
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, stream_ ? "identity" : "");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, user_agent().c_str());
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_);
    if (request_.method != "HEAD") curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request_.max_wire_bytes));
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, this);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &Transfer::on_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
    choose_method();
    set_headers();
}

void Transfer::choose_method() {
    const bool carries = !request_.body.empty() || request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH";
    if (request_.method == "HEAD") {
        curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
        return;
    }
    if (carries) {
        curl_easy_setopt(easy_, CURLOPT_POST, 1L);
        curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
        curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.data());
    }
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

void Transfer::set_headers() {
    curl_slist* list = nullptr;
    auto append = [&list](const std::string& line) { list = curl_slist_append(list, line.c_str()); };
    append("Expect:");
    if (!request_.headers.find("Content-Type")) append("Content-Type:");  // curl would call any body a form
    for (const auto& [name, value] : request_.headers) append(value.empty() ? name + ";" : name + ": " + value);
    header_list_ = list;
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, list);
}

// --- curl's callbacks ------------------------------------------------------------------------------------------------------------

std::size_t Transfer::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
    return static_cast<Transfer*>(self)->take_header({bytes, size * count}) ? size * count : 0;
}

std::size_t Transfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
    return static_cast<Transfer*>(self)->take_body({bytes, size * count}) ? size * count : 0;
}

int Transfer::on_progress(void* self, std::int64_t, std::int64_t now, std::int64_t, std::int64_t) {
    return static_cast<Transfer*>(self)->over_wire_cap(now) ? 1 : 0;
}

int Transfer::on_request(void* self, char*, char*, int, int) {
    // curl sends a request again by itself when a reused connection breaks before the first byte of an answer. The other side
    // may have acted on it: only what may be done twice is.
    auto* transfer = static_cast<Transfer*>(self);
    if (!transfer->was_sent() || transfer->request_.repeatable || is_idempotent(transfer->request_.method)) return CURL_PREREQFUNC_OK;
    transfer->refuse(errc::bad_reply, "the connection broke after the request was sent");
    return CURL_PREREQFUNC_ABORT;
}

bool Transfer::take_header(std::string_view line) {
    if (body_began_) return true;  // trailers are of no use
    header_bytes_ += line.size();
    if (header_bytes_ > response_header_bytes) return refuse(errc::too_large, "the answer's headers are over 64 KiB");
    if (line.starts_with("HTTP/")) {
        response_.headers = Headers{};  // an interim answer (1xx) came before
        return true;
    }
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos)
        response_.headers.add(std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1))));
    return true;
}

bool Transfer::take_body(std::string_view bytes) {
    if (!body_began_) {
        body_began_ = true;
        long status = 0;
        curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
        response_.status = static_cast<int>(status);
    }
    curl_off_t wire = 0;
    curl_easy_getinfo(easy_, CURLINFO_SIZE_DOWNLOAD_T, &wire);
    if (over_wire_cap(wire)) return false;
    const std::size_t inflated = response_.body.size() + bytes.size();
    const std::size_t plausible = (static_cast<std::size_t>(wire) + curl_buffer_bytes) * inflation_ratio;
    if (inflated > request_.max_inflated_bytes || (inflated > inflation_ratio_from && inflated > plausible)) {
        return refuse(errc::too_large, "the answer inflates beyond its cap");
    }
    response_.body.append(bytes);
    return !stream_ || response_.status / 100 != 2 || hand_over(bytes);
}

bool Transfer::hand_over(std::string_view piece) {
    try {
        if (stream_->on_bytes(piece)) last_content_ = std::chrono::steady_clock::now();
        return true;
    } catch (...) {  // curl is C: it goes round it
        exception_ = std::current_exception();
        return refuse(errc::cancelled, "cancelled");
    }
}

bool Transfer::over_wire_cap(std::int64_t wire) {
    if (wire < 0 || static_cast<std::size_t>(wire) <= request_.max_wire_bytes) return false;
    refuse(errc::too_large, "the answer is over " + std::to_string(request_.max_wire_bytes) + " bytes");
    return true;
}

bool Transfer::refuse(errc code, std::string message) {
    if (!refusal_) refusal_ = error(code, message);
    return false;
}

Monotonic Transfer::next_check() const {
    if (!stream_) return Monotonic::max();
    return last_content_ ? *last_content_ + stream_->clocks.stall : started_ + stream_->clocks.first_content;
}

Monotonic Transfer::next_look(Monotonic now) const {
    return stream_ ? std::min(next_check(), now + stream_->clocks.stall) : Monotonic::max();
}

// --- the end ---------------------------------------------------------------------------------------------------------------------

Error Transfer::aborted_error() const {
    return refusal_ ? *refusal_ : error(errc::cancelled, "cancelled");
}

Error Transfer::silent_error() const {
    return error(errc::timeout, last_content_ ? "stall: no content in time" : "no first content in time");
}

result<HttpResponse> Transfer::finish(int code) {
    CURL* easy = easy_;
    if (refusal_) return *refusal_;
    if (code != CURLE_OK) return classify(code);
    long number = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &number);
    response_.status = static_cast<int>(number);
    curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &number);
    response_.timings.reused_connection = number == 0;
    if (number != 0)
        response_.timings.connect = std::max(elapsed(easy, CURLINFO_CONNECT_TIME_T), elapsed(easy, CURLINFO_APPCONNECT_TIME_T));
    response_.timings.first_byte = elapsed(easy, CURLINFO_STARTTRANSFER_TIME_T);
    response_.timings.total = elapsed(easy, CURLINFO_TOTAL_TIME_T);
    return std::move(response_);
}

bool Transfer::was_sent() const {
    long bytes = 0;
    curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &bytes);
    return bytes > 0;
}

Error Transfer::classify(int code) const {
    const std::string_view text = error_text_[0] != '\0' ? std::string_view(error_text_) : curl_easy_strerror(static_cast<CURLcode>(code));
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT:
            if (!was_sent()) return error(errc::network, "no connection in time");
            return error(errc::timeout, "no end within " + std::to_string(span_.count()) + " ms");
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_CONNECT:
            return error(errc::network, text);
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_CRL_BADFILE:
        case CURLE_SSL_INVALIDCERTSTATUS:
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            return error(errc::tls, text);
        case CURLE_FILESIZE_EXCEEDED:
            return error(errc::too_large, "the answer is over " + std::to_string(request_.max_wire_bytes) + " bytes");
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            // The URL was checked: this is an answer in another protocol.
            return error(was_sent() ? errc::bad_reply : errc::invalid_argument, "unsupported protocol");
        default:
            if (!was_sent()) return error(errc::network, curl_easy_strerror(static_cast<CURLcode>(code)));
            return error(errc::bad_reply, curl_easy_strerror(static_cast<CURLcode>(code)));
    }
}

}  // namespace gumshoe
