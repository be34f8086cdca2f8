# syntax=docker/dockerfile:1
# A data-plane worker: the inference API.
# Build from the repository root:
#   docker build --file deploy/docker/data-plane.Dockerfile --tag sluicegate/data-plane .

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
RUN cargo build --release --locked --workspace --bin sluicegate-data-plane \
    && cp target/release/sluicegate-data-plane /usr/local/bin/sluicegate-data-plane

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin sluicegate \
    && install --directory --owner sluicegate --group sluicegate --mode 0700 /var/lib/sluicegate
COPY --from=build /usr/local/bin/sluicegate-data-plane /usr/local/bin/
ENV SLUICEGATE_HTTP__LISTEN=0.0.0.0:8787 \
    SLUICEGATE_ADMIN__LISTEN=0.0.0.0:9087 \
    SLUICEGATE_DATA_DIR=/var/lib/sluicegate
# The usage spool and the last snapshot: the only place it writes. Must outlive the container, one volume per worker.
VOLUME ["/var/lib/sluicegate"]
USER 10001:10001
EXPOSE 8787 9087
STOPSIGNAL SIGTERM
ENTRYPOINT ["sluicegate-data-plane"]
CMD ["serve"]
