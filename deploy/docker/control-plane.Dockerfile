# syntax=docker/dockerfile:1
# The control plane: REST API, dashboard, migrations.
# Build from the repository root:
#   docker build --file deploy/docker/control-plane.Dockerfile --tag sluicegate/control-plane .

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
RUN cargo build --release --locked --workspace --bin sluicegate-control-plane \
    && cp target/release/sluicegate-control-plane /usr/local/bin/sluicegate-control-plane

FROM node:22-bookworm-slim AS web
WORKDIR /web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web .
RUN npm run build

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin sluicegate
COPY --from=build /usr/local/bin/sluicegate-control-plane /usr/local/bin/
COPY --from=web /web/dist /usr/share/sluicegate/web
ENV SLUICEGATE_WEB_DIR=/usr/share/sluicegate/web \
    SLUICEGATE_HTTP__LISTEN=0.0.0.0:8080 \
    SLUICEGATE_ADMIN__LISTEN=0.0.0.0:9080
# Nothing is written outside /tmp: run it with a read-only root file system.
USER 10001:10001
EXPOSE 8080 9080
ENTRYPOINT ["sluicegate-control-plane"]
CMD ["serve"]
