FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The app's sources are not here yet, so its own prepare script has nothing to do.
RUN npm ci --include=dev --no-audit --no-fund
COPY . .
RUN TELLTALE_PRECOMPRESS=1 npm run build

# The development packages stay: "npm run user", "api-key" and the other commands run from sources.
FROM node:22-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 TELLTALE_DATA=/data
WORKDIR /app
RUN mkdir /data && chown node:node /data
COPY --from=build --chown=node:node /app ./
USER node
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --retries=3 --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "scripts/serve.mjs"]
