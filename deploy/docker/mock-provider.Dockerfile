# syntax=docker/dockerfile:1
# A scriptable provider for tests, benches and demos.
# Build from the repository root:
#   docker build --file deploy/docker/mock-provider.Dockerfile --tag sluicegate/mock-provider .

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
RUN cargo build --release --locked --workspace --bin sluicegate-mock-provider \
    && cp target/release/sluicegate-mock-provider /usr/local/bin/sluicegate-mock-provider

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin sluicegate
COPY --from=build /usr/local/bin/sluicegate-mock-provider /usr/local/bin/
USER 10001:10001
EXPOSE 9100
ENTRYPOINT ["sluicegate-mock-provider"]
CMD ["--listen", "0.0.0.0:9100"]
