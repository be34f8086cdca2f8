# syntax=docker/dockerfile:1
# Everything in one container: both planes and a private Postgres. For trying out and for small installations.
# Build from the repository root:
#   docker build --file deploy/docker/standalone.Dockerfile --tag sluicegate/standalone .

FROM rust:1.95-slim-bookworm AS chef
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/* \
    && cargo install cargo-chef --version 0.1.78 --locked
WORKDIR /build
# The image brings the pinned toolchain; rust-toolchain.toml would fetch lints and formatter as well.
ENV RUSTUP_TOOLCHAIN=1.95 SQLX_OFFLINE=true

FROM chef AS plan
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY services services
RUN cargo chef prepare --recipe-path recipe.json

# Only the manifests decide about this layer: changing our code does not build the dependencies again.
FROM chef AS build
COPY --from=plan /build/recipe.json recipe.json
RUN cargo chef cook --release --locked --workspace --recipe-path recipe.json
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY services services
COPY migrations migrations
RUN cargo build --release --locked --workspace --bin sluicegate \
    && cp target/release/sluicegate /usr/local/bin/sluicegate

FROM node:22-bookworm-slim AS web
WORKDIR /web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web .
RUN npm run build

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates postgresql-15 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin sluicegate \
    && install --directory --owner sluicegate --group sluicegate --mode 0700 /data
COPY --from=build /usr/local/bin/sluicegate /usr/local/bin/
COPY --from=web /web/dist /usr/share/sluicegate/web
# Database, master key and usage spool: the only place it writes. Losing it loses everything.
VOLUME ["/data"]
USER 10001:10001
EXPOSE 8080 8787 9090
STOPSIGNAL SIGTERM
ENTRYPOINT ["sluicegate"]
CMD ["up", "--data-dir", "/data", "--web-dir", "/usr/share/sluicegate/web", \
    "--listen", "0.0.0.0:8080", "--inference-listen", "0.0.0.0:8787", "--admin-listen", "0.0.0.0:9090"]
