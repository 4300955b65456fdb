// Requests as bytes, and what a strict server answers: 200 with the body it read, or the status of its refusal.
#pragma once

#include <string>
#include <vector>

namespace gumshoe::test {

struct HostileRequest {
    const char* what;
    std::string bytes;
    int status = 400;
    std::string body = {};  // where it is taken
};

inline std::string repeated(std::string_view text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
}

/// Under a body limit of 1,000 bytes.
inline std::vector<HostileRequest> hostile_requests() {
    const std::string post = "POST /x HTTP/1.1\r\nHost: a\r\n";
    const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
    return {
        // taken
        {"plain", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", 200},
        {"with a body", post + "Content-Length: 3\r\n\r\nabc", 200, "abc"},
        {"names without case", "POST /x HTTP/1.1\r\nhOST: a\r\ncontent-LENGTH: 3\r\n\r\nabc", 200, "abc"},
        {"an empty body", post + "Content-Length: 0\r\n\r\n", 200},
        {"no length, no body", post + "\r\n", 200},
        {"chunks", chunked + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 200, "abcde"},
        {"chunk sizes in either case, with zeros", chunked + "00a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n", 200,
         "01234567890123456789"},
        {"chunk extension", chunked + "3;a=b;c=\"d\"\r\nabc\r\n0;e\r\n\r\n", 200, "abc"},
        {"chunked in capitals", post + "Transfer-Encoding: CHUNKED\r\n\r\n1\r\na\r\n0\r\n\r\n", 200, "a"},
        {"HTTP/1.0 without Host", "GET /x HTTP/1.0\r\n\r\n", 200},
        {"HTTP/1.0 with a body", "POST /x HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", 200, "abc"},
        {"blanks around a value", "GET /x HTTP/1.1\r\nHost: \t a \t \r\nX:\r\n\r\n", 200},
        {"bytes over 0x7f in a value", "GET /x HTTP/1.1\r\nHost: a\r\nX: \xC3\xA9\r\n\r\n", 200},
        {"a body at the limit", post + "Content-Length: 1000\r\n\r\n" + std::string(1000, 'x'), 200, std::string(1000, 'x')},
        {"chunks at the limit", chunked + "3e8\r\n" + std::string(1000, 'x') + "\r\n0\r\n\r\n", 200, std::string(1000, 'x')},
        {"Content-Encoding: identity", post + "Content-Encoding: identity\r\nContent-Length: 1\r\n\r\na", 200, "a"},
        {"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 200},
        // how long is the body?
        {"Transfer-Encoding: xchunked", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"},
        {"Transfer-Encoding: chunked, identity", post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"},
        {"Transfer-Encoding: gzip, chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
        {"Transfer-Encoding: identity", post + "Transfer-Encoding: identity\r\nContent-Length: 1\r\n\r\na"},
        {"Transfer-Encoding empty", post + "Transfer-Encoding:\r\n\r\n0\r\n\r\n"},
        {"Transfer-Encoding quoted", post + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"},
        {"Transfer-Encoding twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"Transfer-Encoding in HTTP/1.0", "POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"Transfer-Encoding and Content-Length", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"Content-Length and Transfer-Encoding", post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"},
        {"Content-Length twice", post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"},
        {"Content-Length twice, different", post + "Content-Length: 3\r\ncontent-length: 4\r\n\r\nabcd"},
        {"Content-Length as a list", post + "Content-Length: 3, 3\r\n\r\nabc"},
        {"Content-Length with a sign", post + "Content-Length: +3\r\n\r\nabc"},
        {"Content-Length negative", post + "Content-Length: -3\r\n\r\nabc"},
        {"Content-Length in hex", post + "Content-Length: 0x3\r\n\r\nabc"},
        {"Content-Length with a blank inside", post + "Content-Length: 1 0\r\n\r\n0123456789"},
        {"Content-Length empty", post + "Content-Length:\r\n\r\n"},
        {"Content-Length beyond 64 bits", post + "Content-Length: 18446744073709551617\r\n\r\na"},
        {"a blank before the colon", post + "Content-Length : 3\r\n\r\nabc"},
        {"a tab before the colon", post + "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n"},
        // chunks
        {"a chunk size with a sign", chunked + "+3\r\nabc\r\n0\r\n\r\n"},
        {"a chunk size with 0x", chunked + "0x3\r\nabc\r\n0\r\n\r\n"},
        {"a chunk size with a blank", chunked + "3 \r\nabc\r\n0\r\n\r\n"},
        {"a blank before a chunk size", chunked + " 3\r\nabc\r\n0\r\n\r\n"},
        {"a blank before the extension", chunked + "3 ;a\r\nabc\r\n0\r\n\r\n"},
        {"no chunk size", chunked + "\r\nabc\r\n0\r\n\r\n"},
        {"a chunk size that is no number", chunked + "zz\r\nabc\r\n0\r\n\r\n"},
        {"a chunk size beyond 64 bits", chunked + "10000000000000003\r\nabc\r\n0\r\n\r\n"},
        {"a chunk longer than it says", chunked + "3\r\nabcd\r\n0\r\n\r\n"},
        {"a chunk size line with LF alone", chunked + "3\nabc\r\n0\r\n\r\n"},
        {"chunk data ended by LF alone", chunked + "3\r\nabc\n0\r\n\r\n"},
        {"the last chunk ended by LF alone", chunked + "0\n\n"},
        {"a CR inside a chunk size line", chunked + "3\r;a\r\nabc\r\n0\r\n\r\n"},
        {"a chunk extension of 257 bytes", chunked + "3;" + std::string(256, 'x') + "\r\nabc\r\n0\r\n\r\n"},
        {"a chunk extension without end", chunked + "3;" + std::string(8000, 'x')},
        {"many chunk extensions", chunked + repeated("1;" + std::string(200, 'x') + "\r\na\r\n", 100) + "0\r\n\r\n"},
        {"a control byte in a chunk extension", chunked + "3;\x01\r\nabc\r\n0\r\n\r\n"},
        {"a trailer", chunked + "3\r\nabc\r\n0\r\nX: y\r\n\r\n"},
        {"a trailer that looks like credentials", chunked + "0\r\nAuthorization: Bearer t\r\n\r\n"},
        {"a trailer announced", post + "Trailer: X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        // fields
        {"no Host", "GET /x HTTP/1.1\r\nX: y\r\n\r\n"},
        {"two Hosts", "GET /x HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
        {"two Hosts in HTTP/1.0", "GET /x HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"},
        {"an empty Host", "GET /x HTTP/1.1\r\nHost:\r\n\r\n"},
        {"a Host with a path", "GET /x HTTP/1.1\r\nHost: a/b\r\n\r\n"},
        {"a Host that is a list", "GET /x HTTP/1.1\r\nHost: a, b\r\n\r\n"},
        {"a folded field", "GET /x HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n"},
        {"a folded field with a tab", "GET /x HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz\r\n\r\n"},
        {"a blank before the first field", "GET /x HTTP/1.1\r\n Host: a\r\n\r\n"},
        {"a field without a colon", "GET /x HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"},
        {"a field without a name", "GET /x HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n"},
        {"a name that is no token", "GET /x HTTP/1.1\r\nHost: a\r\nX(Y): z\r\n\r\n"},
        {"a name with a byte over 0x7f", "GET /x HTTP/1.1\r\nHost: a\r\nX\xC3\xA9: z\r\n\r\n"},
        {"NUL in a value", std::string("GET /x HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 36)},
        {"a control byte in a value",
         "GET /x HTTP/1.1\r\nHost: a\r\nX: a\x0b"
         "b\r\n\r\n"},
        {"LF alone in the header", "GET /x HTTP/1.1\nHost: a\n\n"},
        {"LF alone after a field", "GET /x HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"},
        {"CR alone in the header", "GET /x HTTP/1.1\r\nHost: a\rX: y\r\n\r\n"},
        {"CR CR LF", "GET /x HTTP/1.1\r\nHost: a\r\r\n\r\n"},
        {"the header ended by LF alone", "GET /x HTTP/1.1\r\nHost: a\r\n\n"},
        {"101 fields", "GET /x HTTP/1.1\r\nHost: a\r\n" + repeated("X: y\r\n", 100) + "\r\n", 431},
        {"100 fields", "GET /x HTTP/1.1\r\nHost: a\r\n" + repeated("X: y\r\n", 99) + "\r\n", 200},
        {"a header over 16 KiB", "GET /x HTTP/1.1\r\nHost: a\r\n" + repeated("X: " + std::string(1000, 'y') + "\r\n", 17) + "\r\n", 431},
        {"a target over 16 KiB", "GET /" + std::string(17000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", 431},
        // the request line
        {"nothing but an empty line", "\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"two blanks", "GET  /x HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"a tab", "GET\t/x HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"a blank at the end", "GET /x HTTP/1.1 \r\nHost: a\r\n\r\n"},
        {"a blank in the target", "GET /x y HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"a byte over 0x7f in the target", "GET /\xC3\xA9 HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"a fragment", "GET /x#y HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"an absolute target", "GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"CONNECT", "CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"a method that is no token", "G(T /x HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"no method", " /x HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"HTTP/0.9", "GET /x\r\n\r\n"},
        {"HTTP/2.0", "GET /x HTTP/2.0\r\nHost: a\r\n\r\n", 505},
        {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"HTTP/1.2", "GET /x HTTP/1.2\r\nHost: a\r\n\r\n", 505},
        {"http in small letters", "GET /x http/1.1\r\nHost: a\r\n\r\n"},
        {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15)},
        // what we do not take
        {"a body over the limit", post + "Content-Length: 1001\r\n\r\n", 413},
        {"a body far over the limit", post + "Content-Length: 9223372036854775807\r\n\r\n", 413},
        {"a chunk over the limit", chunked + "3e9\r\n", 413},
        {"chunks over the limit", chunked + "3e8\r\n" + std::string(1000, 'x') + "\r\n1\r\nx\r\n0\r\n\r\n", 413},
        {"a chunk as large as can be", chunked + "ffffffffffffffff\r\n", 413},
        {"gzip", post + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", 415},
        {"another expectation", post + "Expect: 200-ok\r\nContent-Length: 3\r\n\r\nabc", 417},
    };
}

}  // namespace gumshoe::test
