// The commands of the binary. Each returns the process's exit code.
#pragma once

#include <string>

#include "base/clock.hpp"

namespace gumshoe {

/// Documented in README.md and --help.
enum ExitCode : int {
    exit_ok = 0,
    exit_failed = 1,         // what was asked did not succeed
    exit_usage = 2,          // the command line is wrong
    exit_configuration = 3,  // the configuration is wrong
    exit_inconclusive = 4    // an investigation ended without a cause
};

struct ServeArguments {
    std::string config;  // "": the environment
};
int serve(const ServeArguments& arguments);

struct DemoArguments {
    std::string scenario = "bad-deploy";
    bool once = false;
    bool json = false;
    bool list = false;
    std::string listen = "127.0.0.1:0";
    std::string admin_listen = "127.0.0.1:0";
};
int demo(const DemoArguments& arguments);

struct SandboxArguments {
    std::string scenario = "bad-deploy";
    std::string listen = "127.0.0.1:9090";
    std::string write_config = "sandbox.yaml";
    // Of the service that the written configuration is for:
    std::string service_listen = "127.0.0.1:8080";
    std::string service_admin_listen = "127.0.0.1:8081";
    std::string database = "sandbox.db";
    std::string send;  // a moment: instead of serving, send its webhooks from the sandbox at `listen` to `service_listen`
};
int run_sandbox(const SandboxArguments& arguments);

struct InvestigateArguments {
    std::string config;
    std::string alert;   // file with a webhook's body
    std::string source;  // whose
    std::string case_file;
    bool no_llm = false;
    bool json = false;
    std::string save;  // keep the database of this investigation here
};
int investigate_once(const InvestigateArguments& arguments);

struct CheckArguments {
    std::string config;
    bool json = false;
};
int check(const CheckArguments& arguments);

struct LlmTestArguments {
    std::string config;
    std::string chain;  // "": all
    bool live = false;  // real calls, too
};
/// Failed when a fault of one target leaves a chain without an answer, or a live call failed.
int test_llm(const LlmTestArguments& arguments);

/// Commands over a database file.
struct InspectArguments {
    std::string database = "gumshoe.db";
    std::string id;
    std::string run;
    std::string state;
    std::string output;  // file; "": standard output
    bool json = false;
};
int list_investigations(const InspectArguments& arguments);
int show_investigation(const InspectArguments& arguments);
int export_investigation(const InspectArguments& arguments);

/// Over the admin API of a running service.
struct ReplayArguments {
    std::string url = "http://127.0.0.1:8081";
    std::string id;
    std::string mode = "frozen";
    std::string post = "none";
    std::string chain;
    bool json = false;
};
int replay(const ReplayArguments& arguments);

/// Parses the command line and runs the command.
int run_command_line(int argc, char** argv);

}  // namespace gumshoe
