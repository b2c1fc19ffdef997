# The page for phones is built by Node; scripts/setup installs Odoo 19, the libraries and the OCA addons as on any machine.
# Two images come of it: nginx with the page (target nginx), and the product (the last one): addons and the tools for PDF,
# no compiler or package lists.
FROM node:20-bookworm-slim AS page
ENV CI=1
WORKDIR /page
COPY miniprogram/package.json miniprogram/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY miniprogram ./
RUN npm run build:h5 \
 && find dist/build/h5 -type f -regex '.*\.\(js\|css\|html\|json\|svg\|ttf\)' -exec gzip -9 -k -n {} +

FROM nginx:1.26-alpine AS nginx
COPY --from=page /page/dist/build/h5 /usr/share/crab/m
COPY docker/nginx.conf.template /etc/nginx/templates/default.conf.template

FROM debian:12-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-venv ca-certificates debian-archive-keyring \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/crab
COPY requirements.in requirements.txt ./
COPY scripts/setup scripts/setup
RUN scripts/setup && rm -rf .cache

FROM debian:12-slim
ENV LANG=C.UTF-8 PYTHONUNBUFFERED=1 PATH=/opt/crab/.venv/bin:$PATH \
    CRAB_DATA_DIR=/var/lib/crab CRAB_MERKLE_DIR=/var/lib/crab-seals CRAB_H5_DIR=/opt/crab/page
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 ca-certificates wkhtmltopdf fontconfig fonts-noto-cjk libmagic1 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/crab --create-home crab \
 && install -d -o crab -g crab /var/lib/crab-seals
WORKDIR /opt/crab
COPY --from=build /opt/crab /opt/crab
COPY scripts/odoo_cli.py scripts/crabenv.py scripts/
COPY docker/entrypoint.py docker/health.py docker/
COPY addons addons
COPY --from=page /page/dist/build/h5 page/m
COPY LICENSE README.md ./
USER crab
VOLUME ["/var/lib/crab", "/var/lib/crab-seals"]
EXPOSE 8069 8072
ENTRYPOINT ["python3", "/opt/crab/docker/entrypoint.py"]
CMD ["web"]
HEALTHCHECK --interval=15s --timeout=12s --start-period=90s --retries=4 \
    CMD ["python3", "/opt/crab/docker/health.py", "8069", "--keys"]
