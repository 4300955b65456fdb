// Coroutines: a task is awaited once and yields a result. Headers see only asio/awaitable.hpp.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "base/result.hpp"

namespace gumshoe {

template <class T>
using awaitable = boost::asio::awaitable<T>;

template <class T>
using task = boost::asio::awaitable<result<T>>;

}  // namespace gumshoe
