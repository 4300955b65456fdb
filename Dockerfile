# Build and run on the same Debian release: what is linked there is there.
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY dev ./
RUN ./dev setup demo
COPY . .
RUN ./dev build && strip build/release/gumshoe

FROM debian:bookworm-slim
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates curl libcurl4 libfmt9 libgit2-1.5 libre2-9 libspdlog1.10 libsimdjson14 libsqlite3-0 libssl3 libyaml-cpp0.7 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin gumshoe \
    && install -d -o gumshoe -g gumshoe /data
COPY --from=build /src/build/release/gumshoe /usr/local/bin/gumshoe
COPY --from=build /src/LICENSE /usr/share/doc/gumshoe/LICENSE
USER gumshoe
WORKDIR /data
VOLUME /data
EXPOSE 8080
# 8081, the admin listener, is bound to loopback unless the configuration says otherwise.
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s CMD ["curl", "-fsS", "http://127.0.0.1:8080/readyz"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["gumshoe"]
CMD ["serve", "-c", "/etc/gumshoe/gumshoe.yaml"]
