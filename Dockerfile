# Two images from one file: `--target worker` for the pods of a run, `--target full` (the default) also plans and reports.
# Pin the base by digest: --build-arg PYTHON=python:3.13-slim-bookworm@sha256:…
ARG PYTHON=python:3.13-slim-bookworm

FROM ${PYTHON} AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1 PIP_ROOT_USER_ACTION=ignore PYTHONDONTWRITEBYTECODE=1
WORKDIR /build
COPY requirements/build.txt requirements/worker.txt requirements/
RUN python -m venv --without-pip /opt/evalfactory \
 && python -m pip --python /opt/evalfactory install --quiet --require-hashes --no-deps --only-binary :all: -r requirements/worker.txt
RUN python -m venv /opt/building \
 && /opt/building/bin/pip install --quiet --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /opt/building/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir wheels . \
 && python -m pip --python /opt/evalfactory install --quiet --no-deps --no-index wheels/*.whl
# What no container runs goes. Bytecode is made once, and believed whatever the clock says.
COPY image/slim.py image/
RUN python image/slim.py /opt/evalfactory/lib \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/evalfactory/lib

FROM ${PYTHON} AS runtime
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="evalfactory" \
      org.opencontainers.image.description="The LLM test factory: DeepEval metrics over thousands of cases, merged exactly once, told as a verdict." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# DeepEval neither phones home nor writes; what must be written goes to /tmp; sets are in the same order in every pod.
ENV PATH=/opt/evalfactory/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONHASHSEED=0 \
    DEEPEVAL_TELEMETRY_OPT_OUT=1 \
    DEEPEVAL_DISABLE_DOTENV=1 \
    DEEPEVAL_DISABLE_LEGACY_KEYFILE=1 \
    DEEPEVAL_FILE_SYSTEM=READ_ONLY \
    DEEPEVAL_EVAL_MODE=llm \
    DEEPEVAL_DISABLE_TIMEOUTS=1 \
    CONFIDENT_OPEN_BROWSER=0
# Your own metrics: FROM this image, and either install a package or COPY modules to here.
WORKDIR /suite
USER 65532:65532
ENTRYPOINT ["evalfactory"]

FROM runtime AS worker
COPY --from=builder /opt/evalfactory /opt/evalfactory

FROM builder AS full-builder
COPY requirements/full.txt requirements/
RUN python -m pip --python /opt/evalfactory install --quiet --require-hashes --no-deps --only-binary :all: -r requirements/full.txt \
 && python image/slim.py /opt/evalfactory/lib \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/evalfactory/lib

FROM runtime AS full
COPY --from=full-builder /opt/evalfactory /opt/evalfactory
