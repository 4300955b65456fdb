// The composition root. Who uses whom is the order of the members; what happens at start and stop is start() and stop().
#include "app/service.hpp"

#include "admin/api.hpp"
#include "admin/llm_meter.hpp"
#include "alert/intake.hpp"
#include "app/gateway_endpoint.hpp"
#include "app/process.hpp"
#include "base/log.hpp"
#include "base/version.hpp"
#include "delivery/terminal_channel.hpp"
#include "integrations/registry.hpp"
#include "investigation/engine.hpp"
#include "investigation/own_sources.hpp"
#include "io/http_server.hpp"
#include "store/database.hpp"

namespace gumshoe {

namespace {

constexpr auto purge_interval = std::chrono::hours(1);
constexpr auto parked_interval = seconds(5);
constexpr std::size_t purge_batch = 500;

std::map<std::string, std::string> titles_of_vendors() {
    std::map<std::string, std::string> titles;
    for (const Vendor& vendor : vendors()) titles.emplace(vendor.name, vendor.title);
    return titles;
}

std::map<std::string, std::unique_ptr<llm::Dialect>> all_dialects() {
    std::map<std::string, std::unique_ptr<llm::Dialect>> dialects;
    for (const Vendor& vendor : vendors()) {
        if (vendor.dialect) dialects.emplace(vendor.name, vendor.dialect());
    }
    return dialects;
}

class RunningService final : public Service {
public:
    RunningService(EventLoop& loop, HttpClient& http, Config config, Store store, Prompts prompts, ServiceOptions options);

    task<void> start() override;
    awaitable<void> stop(Deadline deadline) override;
    std::uint16_t port() const override { return public_server_ ? public_server_->port() : 0; }
    std::uint16_t admin_port() const override { return admin_server_ ? admin_server_->port() : 0; }
    std::uint16_t gateway_port() const override { return gateway_ ? gateway_->port() : 0; }
    Store& store() override { return store_; }
    task<RunRow> investigate(Alert alert, Deadline deadline) override;
    task<void> delivered(std::string investigation, Deadline deadline) override;

private:
    std::vector<Source*> sources();
    std::vector<Annotator*> annotators() const;
    std::vector<const Receiver*> receivers() const;
    Channel& channel();
    Equipment equipment();
    IntakePolicy intake_policy();
    AdminServices admin_services();
    DeliveryOptions delivery_options() const;
    WorkerOptions worker_options() const;
    RouteDecision decide(const Alert& alert) const;
    Route route(const Alert& alert, const std::string& chain) const;
    std::string channel_of(const Alert& alert) const;
    std::vector<Sample> samples() const;
    void tell_ops(std::string subject, std::string words);
    awaitable<void> publish_ops(std::string subject, std::string words);
    awaitable<HttpReply> serve_public(RawRequest request);
    awaitable<void> purge_old();
    awaitable<void> watch_parked();
    result<void> listen();

    EventLoop& loop_;
    Config config_;
    ServiceOptions options_;
    std::vector<std::unique_ptr<Source>> own_sources_;
    std::unique_ptr<Channel> terminal_;
    Redactor redactor_;
    Prompts prompts_;
    Store store_;
    LlmMeter meter_;
    std::unique_ptr<llm::Router> router_;
    std::map<std::string, std::unique_ptr<llm::Dialect>> dialects_ = all_dialects();
    std::unique_ptr<MessageDelivery> delivery_;
    Presenter presenter_;
    Equipment equipment_;
    Engine engine_;
    std::unique_ptr<Worker> worker_;
    Intake intake_;
    AdminApi admin_;
    std::unique_ptr<HttpServer> public_server_;
    std::unique_ptr<HttpServer> admin_server_;
    std::unique_ptr<GatewayEndpoint> gateway_;  // null without its section
    bool ready_ = false;
};

RunningService::RunningService(EventLoop& loop, HttpClient& http, Config config, Store store, Prompts prompts, ServiceOptions options)
    : loop_(loop),
      config_(std::move(config)),
      options_(std::move(options)),
      redactor_(config_.secrets),
      prompts_(std::move(prompts)),
      store_(std::move(store)),
      meter_(*store_.attempts, config_.llm.targets),
      router_(make_metered_router(
          llm::make_router(http, meter_, loop, loop.clock(),
                           {.per_day_usd = config_.llm.per_day_usd,
                            .hedge = config_.llm.hedge,
                            .on_new_key = [this](const Secret& key) { redactor_.learn(key); }},
                           [this](std::string subject, std::string words) { tell_ops(std::move(subject), std::move(words)); }),
          meter_, loop.clock())),
      delivery_(make_delivery(*store_.outbox, channel(), loop, loop.clock(), delivery_options())),
      presenter_(
          *store_.investigations, *delivery_, [this](const Alert& alert) { return channel_of(alert); },
          [](const std::string&) { return std::string(); }, titles_of_vendors()),
      equipment_(equipment()),
      engine_(*store_.investigations, *store_.journal, *store_.queue, equipment_,
              [this](std::string words) { tell_ops("parked", std::move(words)); }),
      worker_(make_worker(*store_.queue, loop, loop.clock(), worker_options(), engine_.handlers())),
      intake_(receivers(), *store_.intake, intake_policy(), loop.clock(), [this] { worker_->wake(); }),
      admin_(admin_services()) {}

std::vector<Source*> RunningService::sources() {
    if (options_.vendor_sources) {
        own_sources_.push_back(make_past_investigations(*store_.investigations));
        if (!config_.runbooks.empty()) own_sources_.push_back(make_runbooks(config_.runbooks));
    }
    std::vector<Source*> all;
    for (const ConnectedVendor& vendor : config_.vendors) {
        if (vendor.roles.source && options_.vendor_sources) all.push_back(vendor.roles.source.get());
    }
    for (const auto& source : options_.sources) all.push_back(source.get());
    for (const auto& source : own_sources_) all.push_back(source.get());
    return all;
}

/// One investigation from the command line is nobody else's business.
std::vector<Annotator*> RunningService::annotators() const {
    std::vector<Annotator*> all;
    for (const ConnectedVendor& vendor : config_.vendors) {
        if (vendor.roles.annotator && options_.listen) all.push_back(vendor.roles.annotator.get());
    }
    return all;
}

std::vector<const Receiver*> RunningService::receivers() const {
    std::vector<const Receiver*> all;
    for (const ConnectedVendor& vendor : config_.vendors) {
        if (vendor.roles.receiver) all.push_back(vendor.roles.receiver.get());
    }
    return all;
}

Channel& RunningService::channel() {
    if (options_.channel) return *options_.channel;
    for (const ConnectedVendor& vendor : config_.vendors) {
        if (vendor.roles.channel) return *vendor.roles.channel;
    }
    terminal_ = make_terminal_channel(options_.print, options_.colour, 100);
    return *terminal_;
}

Equipment RunningService::equipment() {
    return {.sources = sources(),
            .annotators = annotators(),
            .subject =
                [this](const Alert& alert, const std::vector<std::string>& joined, Timestamp now) {
                    return options_.subject ? *options_.subject : make_subject(alert, config_.services, now, joined);
                },
            .route = [this](const Alert& alert, const std::string& chain) { return route(alert, chain); },
            .prompts = prompts_,
            .router = *router_,
            .redactor = redactor_,
            .investigations = *store_.investigations,
            .presenter = presenter_,
            .scheduler = loop_,
            .clock = loop_.clock(),
            .gather_deadline = limits::gather_deadline,
            .llm_deadline = config_.llm.deadline,
            .budget_usd = config_.llm.per_investigation_usd,
            .config_version = config_.version};
}

IntakePolicy RunningService::intake_policy() {
    return {.route = [this](const Alert& alert) { return decide(alert); },
            .related = [this](const std::string& service) { return related_services(config_.services, service); },
            .canonical = [this](const std::string& service) { return canonical_service(config_.services, service); },
            .group_window = config_.limits.group_window,
            .cooldown = config_.limits.cooldown,
            .storm = config_.limits.storm_investigations,
            .redact = [this](Alert& alert) { redactor_.redact(alert); }};
}

AdminServices RunningService::admin_services() {
    AdminServices services{.store = *store_.admin,
                           .investigations = *store_.investigations,
                           .journal = *store_.journal,
                           .attempts = *store_.attempts,
                           .router = *router_,
                           .clock = loop_.clock(),
                           .tokens = config_.admin.tokens,
                           .targets = config_.llm.targets,
                           .chains = config_.llm.chains,
                           .teams = config_.llm.teams};
    for (const auto& [provider, dialect] : dialects_) services.dialects[provider] = dialect.get();
    services.on_work = [this] { worker_->wake(); };
    services.ready = [this] { return ready_; };
    services.samples = [this] { return samples(); };
    return services;
}

DeliveryOptions RunningService::delivery_options() const {
    return {.call_timeout = limits::slack_total, .visibility = limits::slack_visibility, .fallback_channel = config_.default_channel};
}

WorkerOptions RunningService::worker_options() const {
    return {.owner = random_owner(),
            .concurrency = config_.limits.concurrent_investigations,
            .lease = limits::lease,
            .heartbeat = limits::heartbeat};
}

RouteDecision RunningService::decide(const Alert& alert) const {
    const RouteRule* rule = find_route(config_.routes, alert);
    if (!rule) return {.investigate = true, .route = "default"};
    return {.investigate = rule->investigate,
            .route = rule->name,
            .reason = rule->investigate ? "" : "route " + rule->name + " says investigate: false"};
}

Route RunningService::route(const Alert& alert, const std::string& chain) const {
    const RouteRule* rule = find_route(config_.routes, alert);
    Route route{.channel = channel_of(alert), .models = {}};
    if (!options_.models) return route;
    for (const std::string_view task : model_tasks) {
        route.models.chains.emplace(task, chain_of(config_.llm, rule, chain, std::string(task)));
    }
    if (rule && !rule->team.empty()) {
        route.models.team = rule->team;
        route.models.team_per_day_usd = config_.llm.teams.at(rule->team);
    }
    return route;
}

std::string RunningService::channel_of(const Alert& alert) const {
    const RouteRule* rule = find_route(config_.routes, alert);
    return rule && !rule->channel.empty() ? rule->channel : config_.default_channel;
}

std::vector<Sample> RunningService::samples() const {
    std::vector<Sample> samples = meter_.samples();
    samples.push_back({"gumshoe_build_info", "{version=\"" + std::string(version()) + "\"}", 1});
    samples.push_back({"gumshoe_resident_bytes", "", static_cast<double>(resident_bytes())});
    samples.push_back({"gumshoe_runs_in_flight", "", static_cast<double>(worker_->running())});
    return samples;
}

void RunningService::tell_ops(std::string subject, std::string words) {
    log::warn("operator notice", {{"subject", subject}, {"words", words}});
    loop_.spawn("ops notice", publish_ops(std::move(subject), std::move(words)));
}

awaitable<void> RunningService::publish_ops(std::string subject, std::string words) {
    Document document;
    document.fallback = words;
    Block block;
    block.lines = {{bold("Gumshoe needs you: "), plain(words)}};
    document.blocks = {block};
    const std::string channel = config_.ops_channel.empty() ? config_.default_channel : config_.ops_channel;
    auto published = co_await delivery_->publish("", "ops:" + subject, channel, "", std::move(document));
    if (!published) log::error("operator notice not kept", {{"subject", subject}, {"error", published.error().message}});
}

awaitable<HttpReply> RunningService::serve_public(RawRequest request) {
    constexpr std::string_view webhooks = "/webhooks/";
    if (request.path.starts_with(webhooks)) {
        std::string source = request.path.substr(webhooks.size());
        co_return co_await intake_.receive(std::move(source), std::move(request));
    }
    const bool probe = request.path == "/healthz" || request.path == "/readyz";
    if (probe) {
        co_return co_await admin_.handle(std::move(request));
    }
    co_return problem(404, "Not Found", "Webhooks are taken at POST /webhooks/<source>.");
}

result<void> RunningService::listen() {
    HttpServerOptions outside;
    outside.listen = config_.server.listen;
    outside.name = "public";
    outside.trusted_proxies = config_.server.trusted_proxies;
    if (!outside.trusted_proxies.empty()) outside.max_connections_per_peer = outside.max_connections;
    auto opened = make_http_server(loop_, std::move(outside), [this](RawRequest request) { return serve_public(std::move(request)); });
    if (!opened) return in_context("server.listen", opened.error());
    public_server_ = std::move(*opened);
    HttpServerOptions inside;
    inside.listen = config_.admin.listen;
    inside.name = "admin";
    auto admin = make_http_server(loop_, std::move(inside), [this](RawRequest request) { return admin_.handle(std::move(request)); });
    if (!admin) return in_context("admin.listen", admin.error());
    admin_server_ = std::move(*admin);
    if (!config_.gateway) return {};
    auto gateway = open_gateway(loop_, *config_.gateway, config_.llm, *router_);
    if (!gateway) return in_context("gateway.listen", gateway.error());
    gateway_ = std::move(*gateway);
    return {};
}

task<void> RunningService::start() {
    // A second process on the same file must fail here, before it voids the first one's leases.
    if (options_.listen) {
        auto listening = listen();
        if (!listening) co_return listening.error();
    }
    auto voided = co_await store_.queue->void_leases();
    if (!voided) co_return voided.error();
    auto learned = co_await router_->recover();
    if (!learned) co_return learned.error();
    auto open = co_await delivery_->recover();
    if (!open) co_return open.error();
    loop_.spawn("worker", worker_->run());
    loop_.spawn("parked jobs", watch_parked());
    loop_.spawn("retention", purge_old());
    ready_ = true;
    if (*voided > 0) log::info("resuming", {{"jobs", std::to_string(*voided)}});
    co_return result<void>{};
}

awaitable<void> RunningService::stop(Deadline deadline) {
    ready_ = false;
    if (public_server_) {
        co_await public_server_->stop(deadline);
    }
    std::vector<awaitable<void>> ends;
    ends.push_back(worker_->stop(deadline));
    if (gateway_) ends.push_back(gateway_->stop(deadline));
    co_await loop_.all(std::move(ends));
    if (admin_server_) {
        co_await admin_server_->stop(deadline);
    }
    co_await loop_.cancel_spawned(deadline);
}

awaitable<void> RunningService::watch_parked() {
    while (true) {
        co_await engine_.tell_parked();
        co_await loop_.clock().sleep_until(loop_.clock().monotonic() + parked_interval);
    }
}

awaitable<void> RunningService::purge_old() {
    while (true) {
        const Timestamp now = loop_.clock().now();
        std::int64_t purged = 1;
        while (purged > 0) {
            auto done = co_await store_.admin->purge(now - config_.store.keep_deliveries, now - config_.store.keep_evidence, purge_batch);
            if (!done) log::error("retention failed", {{"error", done.error().message}});
            purged = done ? *done : 0;
        }
        co_await loop_.clock().sleep_until(loop_.clock().monotonic() + purge_interval);
    }
}

task<RunRow> RunningService::investigate(Alert alert, Deadline deadline) {
    redactor_.redact(alert);
    alert.service = canonical_service(config_.services, alert.service);
    auto run = co_await store_.investigations->start(std::move(alert), loop_.clock().now());
    if (!run) co_return run.error();
    worker_->wake();
    while (true) {
        auto now = co_await store_.investigations->run(run->id);
        if (!now) co_return now.error();
        const bool ended = now->state != "queued" && now->state != "running";
        if (ended || deadline.passed(loop_.clock())) co_return *now;
        co_await loop_.clock().sleep_until(loop_.clock().monotonic() + milliseconds(50));
    }
}

task<void> RunningService::delivered(std::string investigation, Deadline deadline) {
    auto settled = co_await delivery_->settled(std::move(investigation), "anchor", deadline);
    if (!settled) co_return settled.error();
    co_return result<void>{};
}

}  // namespace

result<std::unique_ptr<Service>> make_service(EventLoop& loop, HttpClient& http, Config config, ServiceOptions options) {
    auto prompts = load_prompts();
    if (!prompts) return prompts.error();
    llm::set_configured_classes(config.llm.classes);
    auto store = open_sqlite_store(config.store.sqlite, loop);
    if (!store) return store.error();
    if (!options.print) options.print = [](const std::string&) {};
    return std::make_unique<RunningService>(loop, http, std::move(config), std::move(*store), std::move(*prompts), std::move(options));
}

}  // namespace gumshoe
