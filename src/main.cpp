// The life of the process: one command, chosen in src/app/command_line.cpp.
#include "app/commands.hpp"

int main(int argc, char** argv) {
    return gumshoe::run_command_line(argc, argv);
}
