# syntax=docker/dockerfile:1

FROM --platform=$BUILDPLATFORM golang:1.26.8-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS TARGETARCH
# .git is not sent to the builder: docker build --build-arg VERSION="$(git describe --tags --always)" names the version.
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/longhaul .

# Alpine rather than an empty image: its wget is the health check, its shell a help on bad days.
FROM alpine:3.22.1
RUN apk add --no-cache ca-certificates \
    && adduser -D -H -u 10001 longhaul \
    && install -d -o longhaul -g longhaul /var/lib/longhaul
COPY --from=build /out/longhaul /usr/local/bin/longhaul
USER 10001:10001
WORKDIR /var/lib/longhaul
ENV LONGHAUL_DATA_DIR=/var/lib/longhaul \
    LONGHAUL_HTTP_ADDR=0.0.0.0:8080 \
    LONGHAUL_LOG_FORMAT=json
EXPOSE 8080
ENTRYPOINT ["longhaul"]
CMD ["api"]
