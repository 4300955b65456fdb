# Debian 12's packages (the list to install is in ./dev).
find_package(Boost 1.81 REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(simdjson REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
add_library(re2 ALIAS PkgConfig::RE2)
pkg_check_modules(LIBGIT2 REQUIRED IMPORTED_TARGET libgit2>=1.5)
add_library(libgit2 ALIAS PkgConfig::LIBGIT2)

add_library(boost_headers INTERFACE)
target_link_libraries(boost_headers INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(boost_headers INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)

# Asio compiled once.
add_library(asio STATIC src/io/third_party/asio.cpp)
target_link_libraries(asio PUBLIC boost_headers)

# Without this a json converts to any type at all: result<json> is ambiguous, and a wrong type throws.
target_compile_definitions(nlohmann_json::nlohmann_json INTERFACE JSON_USE_IMPLICIT_CONVERSIONS=0)
