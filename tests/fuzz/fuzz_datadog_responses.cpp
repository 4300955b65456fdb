// Any bytes as an answer of Datadog's API: records or an error.
#include <cstdint>

#include "integrations/datadog/responses.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gumshoe;
    if (size == 0) return 0;
    HttpResponse response;
    response.status = 200;
    response.body.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
    Records records;
    switch (data[0] % 7) {
        case 0:
            (void)datadog::read_logs(response, records);
            break;
        case 1:
            (void)datadog::read_spans(response, records);
            break;
        case 2:
            (void)datadog::read_events(response, "https://app.datadoghq.com", records);
            break;
        case 3:
            (void)datadog::read_metrics(response, {{"avg:a{*}", "a", "x"}}, records);
            break;
        case 4:
            (void)datadog::read_dependencies(response, "x", records);
            break;
        case 5:
            (void)datadog::read_monitor(response, "x", "https://app.datadoghq.com");
            break;
        default:
            response.status = 400;
            (void)datadog::read_error(response, "logs_read_data");
    }
    return 0;
}
