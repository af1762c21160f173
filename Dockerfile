# First stage: install from the lock files and build the browser files. The full image brings `strip` and a C compiler.
FROM python:3.13 AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src

COPY requirements.lock ./
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --no-compile --require-hashes --requirement requirements.lock

# The library that writes PDF files weighs as much as a fifth of the image: `--build-arg PDF=yes` takes it along.
ARG PDF=no
COPY container_trim.py ./
RUN if [ "$PDF" = yes ]; then python container_trim.py /opt/venv; else python container_trim.py /opt/venv --without typst; fi \
    && /opt/venv/bin/python -B -c "import babel.dates, psycopg, scipy.optimize, sklearn.neighbors, uvloop, uvicorn"

COPY matching matching
RUN /opt/venv/bin/python -m matching.build && test -f matching/kernel.compiled

COPY package.json package-lock.json .npmrc requirements-node.lock ./
COPY app/web/assets.py app/web/assets.py
RUN python app/web/assets.py

# Second stage: what runs.
FROM python:3.13-slim
LABEL org.opencontainers.image.title="Bottega" \
      org.opencontainers.image.description="Matches students of technical schools with internships, visits and training paths" \
      org.opencontainers.image.licenses="EUPL-1.2"
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    BOTTEGA_ENVIRONMENT=production \
    PORT=8000
WORKDIR /srv/bottega
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin bottega \
    && install --directory --owner=bottega var

COPY --from=builder /opt/venv /opt/venv
COPY LICENSE pyproject.toml ./
COPY matching matching
COPY migrations migrations
COPY app app
COPY --from=builder /src/matching/kernel.compiled matching/kernel.compiled
COPY --from=builder /src/app/web/static/vendor app/web/static/vendor

USER 10001
VOLUME /srv/bottega/var
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/status\", timeout=4)"]
CMD ["python", "-m", "app", "serve", "--host", "0.0.0.0"]
