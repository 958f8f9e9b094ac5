# syntax=docker/dockerfile:1
# The service as an image: no shell, no root, nothing written outside /data and, with the embedded database, /tmp.
#
#   docker build -t base-models .
#   docker run --read-only --tmpfs /tmp -p 127.0.0.1:8080:8080 -e ACCESS=open \
#       -v base-models-data:/data -v "$PWD/models:/models:ro" base-models

FROM rust:1.95-bookworm AS chef
RUN cargo install cargo-chef --version 0.1.78 --locked
WORKDIR /build

FROM chef AS plan
COPY . .
RUN cargo chef prepare --recipe-path recipe.json

FROM chef AS build
COPY --from=plan /build/recipe.json recipe.json
# The one step that needs the network; what follows is built from what it fetched.
RUN cargo chef cook --release --locked --recipe-path recipe.json
COPY . .
RUN cargo build --release --locked --offline --bin base-models \
    && mkdir -p /image/data /image/models

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /build/target/release/base-models /usr/bin/base-models
COPY --from=build --chown=nonroot:nonroot /image/data /data
COPY --from=build --chown=nonroot:nonroot /image/models /models
# The embedded database unpacks its runtime into the user's cache folder, which must lie on the volume too.
ENV LISTEN=0.0.0.0:8080 \
    MODELS_ROOT=/models \
    DATA_DIR=/data \
    HOME=/data \
    XDG_CACHE_HOME=/data/cache \
    LOG_FORMAT=json \
    AWAIT_DATABASE=true
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/base-models"]
