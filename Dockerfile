# The app on CPUs. `requirements.lock` pins PyTorch's CPU build for x86-64 and Python 3.11, which needs no CUDA package,
# where the build of the usual index asks for gigabytes of them. It is published at the address below; every
# package's hash is in the lock, so that a second source of packages can slip in nothing else.
FROM --platform=linux/amd64 python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STREAMLIT_SERVER_HEADLESS=true \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_PORT=8501 \
    STREAMLIT_SERVER_FILE_WATCHER_TYPE=none

WORKDIR /app
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes \
    --extra-index-url https://download.pytorch.org/whl/cpu -r requirements.lock

# The program belongs to root; its user may write checkpoints, which trainings make, and a cache at home.
RUN useradd --create-home --uid 10001 laboratory
COPY .streamlit ./.streamlit
COPY app.py ./
COPY dlgmm_core ./dlgmm_core
COPY ui ./ui
COPY pages ./pages
COPY --chown=laboratory:laboratory checkpoints ./checkpoints
USER laboratory

EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["streamlit", "run", "app.py"]
