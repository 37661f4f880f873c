# scripts/pin-images.sh writes the digests of these images behind their tags. Do that before a release: a
# tag alone can be moved.

# The dashboard, which the gateway carries inside.
FROM node:22-bookworm-slim AS dashboard
WORKDIR /build
COPY dashboard/package.json dashboard/package-lock.json dashboard/.npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY dashboard ./
COPY skill /skill
RUN npm run build

# The gateway. SQLite and the cryptography library are compiled from C, for which the image has gcc.
FROM rust:1.95.0-slim-bookworm AS gateway
WORKDIR /build
COPY . .
COPY --from=dashboard /build/dist dashboard/dist
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --locked --release -p gaiterguard \
    && cp target/release/gaiterguard /usr/local/bin/gaiterguard

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 gaiterguard \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin gaiterguard \
    && install -d -o gaiterguard -g gaiterguard -m 0700 /data
COPY --from=gateway /usr/local/bin/gaiterguard /usr/local/bin/gaiterguard

# Nothing but /data is written to, so the root file system may be read-only.
USER 10001:10001
WORKDIR /data
VOLUME /data
# Beyond loopback, the first account needs the set-up code that the log shows at the start.
ENV HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
EXPOSE 3000
STOPSIGNAL SIGTERM
# The image has no HTTP client, but its shell can open a connection.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$PORT && printf 'GET /ready HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["/usr/local/bin/gaiterguard"]
CMD ["serve"]
