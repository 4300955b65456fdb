// The command line: what a stranger reads first. Every option here reaches its command.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>

#include "app/commands.hpp"
#include "app/config.hpp"
#include "base/log.hpp"
#include "base/version.hpp"
#include "sandbox/play.hpp"

namespace gumshoe {

namespace {

constexpr const char* exit_codes =
    "Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong configuration, 4 investigated without finding a cause.";

/// Built up by the add_ functions, run by run_command_line.
struct Chosen {
    std::function<int()> command;
};

void add_serve(CLI::App& app, Chosen& chosen) {
    auto arguments = std::make_shared<ServeArguments>();
    CLI::App* command = app.add_subcommand("serve", "Take webhooks and investigate");
    command->add_option("-c,--config", arguments->config, "YAML file; without it the environment variables below are read");
    command->footer(environment_help());
    command->callback([&chosen, arguments] { chosen.command = [arguments] { return serve(*arguments); }; });
}

void add_demo(CLI::App& app, Chosen& chosen) {
    auto arguments = std::make_shared<DemoArguments>();
    CLI::App* command = app.add_subcommand("demo", "Play an incident against a simulated company: no keys, no network");
    command->add_option("-s,--scenario", arguments->scenario, "Name or file of the scenario")->capture_default_str();
    command->add_flag("--once", arguments->once, "End after the finding instead of leaving the service up");
    command->add_flag("--json", arguments->json, "Print the findings as JSON and nothing else");
    command->add_flag("--list", arguments->list, "Name the scenarios");
    command->add_option("--listen", arguments->listen, "Address of the webhook listener; port 0 is a free one")->capture_default_str();
    command->add_option("--admin-listen", arguments->admin_listen, "Address of the admin listener")->capture_default_str();
    command->callback([&chosen, arguments] { chosen.command = [arguments] { return demo(*arguments); }; });
}

void add_sandbox(CLI::App& app, Chosen& chosen) {
    auto arguments = std::make_shared<SandboxArguments>();
    CLI::App* command = app.add_subcommand("sandbox", "Serve the simulated company alone and write a configuration for it");
    command->add_option("-s,--scenario", arguments->scenario, "Name or file of the scenario")->capture_default_str();
    command->add_option("--listen", arguments->listen, "Address")->capture_default_str();
    command->add_option("--write-config", arguments->write_config, "Where to write the configuration; the webhooks to send go beside it")
        ->capture_default_str();
    command->add_option("--service-listen", arguments->service_listen, "Webhook listener in that configuration")->capture_default_str();
    command->add_option("--service-admin-listen", arguments->service_admin_listen, "Admin listener in it")->capture_default_str();
    command->add_option("--database", arguments->database, "Database in it")->capture_default_str();
    command
        ->add_option(
            "--send", arguments->send,
            "Instead of serving: send what the tools of the sandbox at --listen send at this moment to the service at --service-listen")
        ->check(CLI::IsMember(std::vector<std::string>(sandbox::moments.begin(), sandbox::moments.end())));
    command->callback([&chosen, arguments] { chosen.command = [arguments] { return run_sandbox(*arguments); }; });
}

void add_investigate(CLI::App& app, Chosen& chosen) {
    auto arguments = std::make_shared<InvestigateArguments>();
    CLI::App* command = app.add_subcommand("investigate", "One investigation in the terminal, from a webhook's body or a case file");
    command->add_option("-c,--config", arguments->config, "YAML file; without it the environment is read");
    auto* alert = command->add_option("--alert", arguments->alert, "File with the body of a webhook")->check(CLI::ExistingFile);
    auto* source = command->add_option("--source", arguments->source, "Whose webhook it is: datadog, ...");
    auto* file = command->add_option("--case", arguments->case_file, "Case file (.case.jsonl, .case.jsonl.gz); nothing is fetched");
    file->check(CLI::ExistingFile);
    alert->needs(source);
    alert->excludes(file);
    command->require_option(1, 0);
    command->add_flag("--no-llm", arguments->no_llm, "Only the built-in analyst");
    command->add_flag("--json", arguments->json, "Print the finding as JSON and nothing else");
    command->add_option("--save", arguments->save, "Keep the database of this investigation in this file");
    command->callback([&chosen, arguments, alert, file] {
        if (alert->empty() && file->empty()) throw CLI::RequiredError("--alert with --source, or --case");
        chosen.command = [arguments] { return investigate_once(*arguments); };
    });
}

void add_check(CLI::App& app, Chosen& chosen) {
    auto arguments = std::make_shared<CheckArguments>();
    CLI::App* command = app.add_subcommand("check", "Check the configuration and ask each vendor whether our keys work");
    command->add_option("-c,--config", arguments->config, "YAML file; without it the environment is read");
    command->add_flag("--json", arguments->json, "Print JSON");
    command->callback([&chosen, arguments] { chosen.command = [arguments] { return check(*arguments); }; });
}

void add_llm(CLI::App& app, Chosen& chosen) {
    CLI::App* llm = app.add_subcommand("llm", "The models of a configuration");
    llm->require_subcommand(1);
    auto arguments = std::make_shared<LlmTestArguments>();
    CLI::App* command = llm->add_subcommand("test", "Who answers when a model fails: a fault at each target of a chain, without a call");
    command->add_option("-c,--config", arguments->config, "YAML file; without it the environment is read");
    command->add_option("--chain", arguments->chain, "Only this chain");
    command->add_flag("--live", arguments->live, "Also make one small real call to each target: it costs a fraction of a cent");
    command->callback([&chosen, arguments] { chosen.command = [arguments] { return test_llm(*arguments); }; });
}

void add_inspect(CLI::App& app, Chosen& chosen, const char* name, const char* help, int (*run)(const InspectArguments&), bool one) {
    auto arguments = std::make_shared<InspectArguments>();
    CLI::App* command = app.add_subcommand(name, help);
    command->add_option("--database", arguments->database, "SQLite file of the service")->capture_default_str();
    if (one) {
        command->add_option("investigation", arguments->id, "Its id, inv_...")->required();
        command->add_option("--run", arguments->run, "A run of it; default: the one that the message shows");
        command->add_option("-o,--output", arguments->output, "File; default: standard output");
    } else {
        command->add_option("--state", arguments->state, "Only these: queued, running, done, failed, cancelled, parked");
    }
    if (std::string(name) != "export") command->add_flag("--json", arguments->json, "Print JSON");
    command->callback([&chosen, arguments, run] { chosen.command = [arguments, run] { return run(*arguments); }; });
}

void add_replay(CLI::App& app, Chosen& chosen) {
    auto arguments = std::make_shared<ReplayArguments>();
    CLI::App* command = app.add_subcommand("replay", "Run an investigation again in a running service and compare");
    command->add_option("investigation", arguments->id, "Its id, inv_...")->required();
    command->add_option("--url", arguments->url, "Admin API of the service; the token is read from GUMSHOE_ADMIN_TOKEN")
        ->capture_default_str();
    command
        ->add_option("--mode", arguments->mode,
                     "frozen: recorded evidence, new analysis; exact: recorded answers too; live: everything anew")
        ->check(CLI::IsMember({"frozen", "exact", "live"}))
        ->capture_default_str();
    command->add_option("--post", arguments->post, "Where the finding goes")
        ->check(CLI::IsMember({"none", "thread", "update"}))
        ->capture_default_str();
    command->add_option("--chain", arguments->chain, "Another chain of models");
    command->add_flag("--json", arguments->json, "Print the difference as JSON");
    command->callback([&chosen, arguments] { chosen.command = [arguments] { return replay(*arguments); }; });
}

}  // namespace

int run_command_line(int argc, char** argv) {
    CLI::App app("Gumshoe investigates monitoring alerts and posts a cited finding to Slack.", "gumshoe");
    app.require_subcommand(1);
    app.footer(exit_codes);
    std::string level = "info";
    app.add_option("--log-level", level, "debug, info, warn, error, off")->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}));
    Chosen chosen;
    add_serve(app, chosen);
    add_demo(app, chosen);
    add_sandbox(app, chosen);
    add_investigate(app, chosen);
    add_replay(app, chosen);
    add_check(app, chosen);
    add_llm(app, chosen);
    add_inspect(app, chosen, "list", "Investigations of a database", list_investigations, false);
    add_inspect(app, chosen, "show", "One investigation, as Markdown", show_investigation, true);
    add_inspect(app, chosen, "export", "One investigation as a case file", export_investigation, true);
    app.add_subcommand("version", "Print the version")->callback([&chosen] {
        chosen.command = [] {
            std::printf("gumshoe %s\n", std::string(version()).c_str());
            return static_cast<int>(exit_ok);
        };
    });
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? exit_ok : exit_usage;
    }
    const std::map<std::string, log::Level> levels = {{"debug", log::Level::debug},
                                                      {"info", log::Level::info},
                                                      {"warn", log::Level::warn},
                                                      {"error", log::Level::error},
                                                      {"off", log::Level::off}};
    log::set_level(levels.at(level));
    return chosen.command();
}

}  // namespace gumshoe
