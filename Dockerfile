# syntax=docker/dockerfile:1
# docker build --target service .     what runs in production: Node and the sources, nothing else
# docker build --target emulators .   the stand-ins for a demonstration, with Python and the tiny model

FROM node:24.21.0-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# The npm package `node` brings Node 24 to machines that have an older one; this image is one already.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force

FROM node:24.21.0-bookworm-slim AS service
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json ./
COPY training/profiles.json training/profiles.json
COPY src src
USER node
EXPOSE 8900
CMD ["node", "src/main.ts", "bots", "worker"]

FROM node:24.21.0-bookworm-slim AS emulators
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv \
  && rm -rf /var/lib/apt/lists/* \
  && mkdir /var/lib/dagobah && chown node:node /var/lib/dagobah
WORKDIR /app
COPY training/requirements.txt training/requirements.txt
# PyTorch first and alone, from its own index of CPU builds.
RUN python3 -m venv /opt/python \
  && /opt/python/bin/pip install --no-cache-dir --index-url https://download.pytorch.org/whl/cpu torch==2.13.0 \
  && /opt/python/bin/pip install --no-cache-dir -r training/requirements.txt
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund && rm -rf node_modules/node && npm cache clean --force
COPY slack-manifest.yaml ./
COPY handler handler
COPY training/tiny training/tiny
COPY emulators emulators
USER node
EXPOSE 8800 8801 8802 8803
CMD ["node", "emulators/main.ts"]
