// The intake's answers for every fate of a delivery, over a store and a receiver that do as told.
#include "alert/intake.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/json.hpp"
#include "tests/support/loop.hpp"

using namespace gumshoe;
using gumshoe::test::FakeClock;

namespace {

class TestReceiver final : public Receiver {
public:
    std::string_view name() const override { return "acme"; }
    result<void> verify(const RawRequest&, Timestamp) const override { return verified; }
    result<ParsedDelivery> parse(const RawRequest&, Timestamp) const override {
        ++parses;
        if (throws) throw std::runtime_error("bug");
        return parsed;
    }
    result<void> verified{};
    result<ParsedDelivery> parsed = ParsedDelivery{"key-1", {Alert{}}, ""};
    bool throws = false;
    mutable int parses = 0;
};

class TestStore final : public IntakeStore {
public:
    task<Recorded> record(Delivery delivery, std::vector<Alert> alerts, IntakePolicy) override {
        if (broken) co_return Error{errc::storage, "disk full at /secret/path"};
        recorded.push_back(std::move(delivery));
        taken = std::move(alerts);
        co_return outcome;
    }
    task<void> keep(Delivery delivery) override {
        if (broken) co_return Error{errc::storage, "disk full"};
        kept.push_back(std::move(delivery));
        co_return result<void>{};
    }
    Recorded outcome{Verdict::accepted, "", {"inv_1"}, {}};
    bool broken = false;
    std::vector<Delivery> recorded;
    std::vector<Delivery> kept;
    std::vector<Alert> taken;
};

struct Desk {
    FakeClock clock;
    std::unique_ptr<EventLoop> loop = make_event_loop(clock);
    TestReceiver receiver;
    TestStore store;
    int work = 0;
    Intake intake{{&receiver}, store, IntakePolicy{}, clock, [this] { ++work; }};

    HttpReply post(RawRequest request, const std::string& source = "acme") {
        return test::run(*loop, intake.receive(source, std::move(request)));
    }
    static RawRequest request() {
        RawRequest request;
        request.method = "POST";
        request.path = "/webhooks/acme";
        request.query = "token=query-secret";
        request.headers = {{"Content-Type", "application/json"},
                           {"Authorization", "Bearer header-secret"},
                           {"Cookie", "c=cookie-secret"},
                           {"X-Acme-Password", "named-secret"},
                           {"User-Agent", "acme/1"}};
        request.body = "{\"a\":1}";
        request.peer = "203.0.113.9";
        return request;
    }
};

std::string verdict_of(const HttpReply& reply) {
    return string_or_empty(parse_json(reply.body).value(), "verdict");
}

}  // namespace

TEST_CASE("a stored delivery is answered 202 with its investigations, and work is announced once") {
    Desk desk;
    const HttpReply reply = desk.post(Desk::request());
    CHECK(reply.status == 202);
    const json body = parse_json(reply.body).value();
    CHECK(body["verdict"] == "accepted");
    CHECK(body["investigations"] == json::array({"inv_1"}));
    CHECK(body["delivery"] == desk.store.recorded.at(0).id);
    CHECK(desk.work == 1);
    const Delivery& delivery = desk.store.recorded.at(0);
    CHECK(delivery.body == "{\"a\":1}");
    CHECK(delivery.key == "key-1");
    CHECK(delivery.source == "acme");
    CHECK(delivery.peer == "203.0.113.9");
    CHECK(delivery.received_at == desk.clock.now());
    REQUIRE(desk.store.taken.size() == 1);
    CHECK(desk.store.taken[0].source == "acme");
    CHECK(desk.store.taken[0].received_at == desk.clock.now());
}

TEST_CASE("nothing that may be a credential is kept") {
    Desk desk;
    desk.post(Desk::request());
    const Delivery& delivery = desk.store.recorded.at(0);
    const std::string everything = delivery.headers + delivery.reason + delivery.content_type + delivery.key + delivery.peer;
    CHECK(everything.find("secret") == std::string::npos);
    CHECK(parse_json(delivery.headers).value() == json{{"content-type", "application/json"}, {"user-agent", "acme/1"}});
}

TEST_CASE("what the store says decides between 200 and 202") {
    const std::pair<Verdict, int> rows[] = {{Verdict::accepted, 202}, {Verdict::duplicate, 200}, {Verdict::filtered, 200}};
    for (const auto& [verdict, status] : rows) {
        Desk desk;
        desk.store.outcome = Recorded{verdict, "because", {}, {}};
        const HttpReply reply = desk.post(Desk::request());
        CHECK(reply.status == status);
        CHECK(verdict_of(reply) == to_string(verdict));
        CHECK(string_or_empty(parse_json(reply.body).value(), "reason") == "because");
        CHECK(desk.work == 0);
    }
}

TEST_CASE("a later alert of a running investigation announces work too") {
    Desk desk;
    desk.store.outcome = Recorded{Verdict::accepted, "", {}, {"inv_7"}};
    CHECK(parse_json(desk.post(Desk::request()).body).value()["investigations"] == json::array({"inv_7"}));
    CHECK(desk.work == 1);
}

TEST_CASE("authentic and not understood is kept whole and answered 202") {
    struct Row {
        const char* what;
        void (*arrange)(Desk&, RawRequest&);
        bool parses;
    };
    const Row rows[] = {
        {"unparsable", [](Desk& desk, RawRequest&) { desk.receiver.parsed = Error{errc::parse, "no title"}; }, true},
        {"a bug of the parser", [](Desk& desk, RawRequest&) { desk.receiver.throws = true; }, true},
        {"no alert in it", [](Desk& desk, RawRequest&) { desk.receiver.parsed = ParsedDelivery{}; }, true},
        {"too many alerts",
         [](Desk& desk, RawRequest&) {
             desk.receiver.parsed = ParsedDelivery{"", std::vector<Alert>(limits::alerts_per_delivery + 1), ""};
         },
         true},
        {"an image", [](Desk&, RawRequest& request) { request.headers = {{"Content-Type", "image/png"}}; }, false},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        Desk desk;
        RawRequest request = Desk::request();
        row.arrange(desk, request);
        const HttpReply reply = desk.post(request);
        CHECK(reply.status == 202);
        CHECK(verdict_of(reply) == "quarantined");
        REQUIRE(desk.store.kept.size() == 1);
        CHECK(desk.store.kept[0].verdict == Verdict::quarantined);
        CHECK(desk.store.kept[0].body == "{\"a\":1}");
        CHECK_FALSE(desk.store.kept[0].reason.empty());
        CHECK(desk.store.kept[0].key.substr(0, 7) == "sha256:");
        CHECK(desk.store.recorded.empty());
        CHECK((desk.receiver.parses > 0) == row.parses);
    }
}

TEST_CASE("JSON, forms and text are read, whatever their parameters") {
    for (const char* type : {"application/json; charset=utf-8", "Application/JSON", "application/vnd.x+json",
                             "application/x-www-form-urlencoded", "text/plain", ""}) {
        INFO(type);
        Desk desk;
        RawRequest request = Desk::request();
        request.headers = {{"Content-Type", type}};
        CHECK(desk.post(request).status == 202);
        CHECK(desk.store.recorded.size() == 1);
    }
}

TEST_CASE("an understood delivery that is not for us is filtered with its reason") {
    Desk desk;
    desk.receiver.parsed = ParsedDelivery{"k", {}, "test notification"};
    const HttpReply reply = desk.post(Desk::request());
    CHECK(reply.status == 200);
    CHECK(verdict_of(reply) == "filtered");
    CHECK(desk.store.kept.at(0).reason == "test notification");
}

TEST_CASE("bad credentials: one constant answer, nothing parsed, no body kept") {
    Desk desk;
    desk.receiver.verified = Error{errc::unauthorized, "no Authorization header"};
    const HttpReply first = desk.post(Desk::request());
    desk.receiver.verified = Error{errc::unauthorized, "the bearer token is not the configured one"};
    const HttpReply second = desk.post(Desk::request());
    CHECK(first.status == 401);
    CHECK(first.body == second.body);
    CHECK(first.body.find("Authorization") == std::string::npos);
    CHECK(desk.receiver.parses == 0);
    REQUIRE(desk.store.kept.size() == 2);
    CHECK(desk.store.kept[0].verdict == Verdict::refused);
    CHECK(desk.store.kept[0].answer == 401);
    CHECK(desk.store.kept[0].body.empty());
    CHECK(desk.store.kept[0].reason == "no Authorization header");
}

TEST_CASE("refused deliveries are recorded at most so often a minute, and answered all the same") {
    Desk desk;
    desk.receiver.verified = Error{errc::unauthorized, "no"};
    for (std::size_t i = 0; i < limits::refused_per_minute_recorded + 25; ++i) CHECK(desk.post(Desk::request()).status == 401);
    CHECK(desk.store.kept.size() == limits::refused_per_minute_recorded);
    desk.clock.advance(std::chrono::minutes(1));
    desk.post(Desk::request());
    CHECK(desk.store.kept.size() == limits::refused_per_minute_recorded + 1);
}

TEST_CASE("a refused delivery is answered 401 though the store is broken") {
    Desk desk;
    desk.receiver.verified = Error{errc::unauthorized, "no"};
    desk.store.broken = true;
    CHECK(desk.post(Desk::request()).status == 401);
}

TEST_CASE("our own trouble is 503 with Retry-After and says nothing of the inside") {
    Desk broken;
    broken.store.broken = true;
    Desk unparsed;
    unparsed.store.broken = true;
    unparsed.receiver.parsed = Error{errc::parse, "x"};
    Desk unverifiable;
    unverifiable.receiver.verified = Error{errc::unavailable, "the secret store is down"};
    for (Desk* desk : {&broken, &unparsed, &unverifiable}) {
        const HttpReply reply = desk->post(Desk::request());
        CHECK(reply.status == 503);
        CHECK(reply.headers.find("Retry-After"));
        CHECK(reply.body.find("/secret/path") == std::string::npos);
        CHECK(reply.body.find("secret store") == std::string::npos);
        CHECK(desk->work == 0);
    }
}

TEST_CASE("unknown sources and other methods are told so") {
    Desk desk;
    CHECK(desk.post(Desk::request(), "newrelic").status == 404);
    RawRequest get = Desk::request();
    get.method = "GET";
    const HttpReply reply = desk.post(get);
    CHECK(reply.status == 405);
    CHECK(reply.headers.find("Allow") == "POST");
    CHECK(desk.store.kept.empty());
}

TEST_CASE("a delivery without a key of its own is known by its bytes") {
    Desk desk;
    desk.receiver.parsed = ParsedDelivery{"", {Alert{}}, ""};
    desk.post(Desk::request());
    desk.post(Desk::request());
    RawRequest other = Desk::request();
    other.body = "{\"a\":2}";
    desk.post(other);
    CHECK(desk.store.recorded.at(0).key == desk.store.recorded.at(1).key);
    CHECK(desk.store.recorded.at(0).key != desk.store.recorded.at(2).key);
}

TEST_CASE("an investigation that a delivery starts and adds to is named once") {
    Desk desk;
    desk.store.outcome = Recorded{Verdict::accepted, "", {"inv_1", "inv_2"}, {"inv_2", "inv_3"}};
    CHECK(parse_json(desk.post(Desk::request()).body).value()["investigations"] == json::array({"inv_1", "inv_2", "inv_3"}));
}

TEST_CASE("a service is recorded under the operator's name for it, and the sender's word is kept") {
    Desk desk;
    IntakePolicy policy;
    policy.canonical = [](const std::string& service) { return service == "Checkout Service" ? "checkout" : service; };
    Intake intake{{&desk.receiver}, desk.store, policy, desk.clock, [] {}};
    Alert meant;
    meant.service = "Checkout Service";
    Alert unknown;
    unknown.service = "mail";
    desk.receiver.parsed = ParsedDelivery{"key-1", {meant, unknown, Alert{}}, ""};
    test::run(*desk.loop, intake.receive("acme", Desk::request()));
    REQUIRE(desk.store.taken.size() == 3);
    CHECK(desk.store.taken[0].service == "checkout");
    CHECK(desk.store.taken[0].labels == std::map<std::string, std::string>{{"acme.service", "Checkout Service"}});
    CHECK(desk.store.taken[1].service == "mail");
    CHECK(desk.store.taken[1].labels.empty());
    CHECK(desk.store.taken[2].service.empty());
}
