# hatstand with SQLite in the volume /data. compose.yaml runs it beside PostgreSQL.
FROM node:24.21.0-bookworm-slim AS install
WORKDIR /hatstand
COPY package.json package-lock.json .npmrc ./
COPY packages/api/package.json packages/api/
COPY packages/sdk/package.json packages/sdk/
COPY packages/server/package.json packages/server/
COPY packages/server/bin packages/server/bin
# The image brings Node itself, so the pinned one (an optional dependency) stays out.
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production HATSTAND_HOST=0.0.0.0 HATSTAND_DATA_DIR=/data PORT=8080
WORKDIR /hatstand
COPY --from=install /hatstand ./
COPY packages ./packages
COPY LICENSE README.md ./
RUN install --directory --owner=node --group=node --mode=0700 /data
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node runs the TypeScript as it is: the workspaces are links, so it does not count as lying in node_modules.
ENTRYPOINT ["node", "packages/server/bin/hatstand.js"]
CMD ["serve"]
