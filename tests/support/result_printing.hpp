// Lets CHECK(reply) print the error of a result<T> in place of its value.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "base/result.hpp"

namespace Catch {

template <class T>
struct StringMaker<boost::system::result<T, gumshoe::Error>> {
    static std::string convert(const boost::system::result<T, gumshoe::Error>& outcome) {
        if (outcome) return "a value";
        return "error " + std::string(gumshoe::to_string(outcome.error().code)) + ": " + outcome.error().message;
    }
};

}  // namespace Catch
