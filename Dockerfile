# Two images: `operator` (the default) and `resolver`, the validating Unbound that runs beside it.
FROM node:26-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# No install scripts: the one that matters brings a Node for hosts that have none.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM debian:bookworm-slim AS resolver
RUN apt-get update \
  && apt-get install --yes --no-install-recommends unbound dns-root-data ca-certificates \
  && rm -rf /var/lib/apt/lists/*
USER 65532:65532
ENTRYPOINT ["/usr/sbin/unbound", "-d", "-c"]
CMD ["/etc/tlsa-operator/unbound.conf"]

FROM node:26-bookworm-slim AS operator
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
USER 65532:65532
# Garbage that waits longer is memory that is held: two fifths less of it, for a fifth more processor time (docs/scale.md).
ENTRYPOINT ["node", "--enable-source-maps", "--max-semi-space-size=4", "--heap-growing-percent=30", "--memory-saver-mode", "/app/dist/main.js"]
CMD ["run"]
