"""A small app for the host's tests; it tells of its runs by blobs in the account that the setting DATA names."""

import logging
import os
import threading
from pathlib import Path

import azure.functions as func
import azurefunctions.extensions.bindings.blob as blob_binding

app = func.FunctionApp()
logging.getLogger("app").critical("imported")


@app.blob_trigger(arg_name="blob", path="logs/{name}", connection="DATA", source=func.BlobSource.EVENT_GRID)
def on_log(blob: blob_binding.BlobClient) -> None:
    """Write the blob's name and size down, or fail if the blob says so."""
    content = blob.download_blob().readall()
    with Path(os.environ["RUNS"]).open("a") as runs:
        runs.write(f"{blob.blob_name} {len(content)}\n")
    logging.getLogger("app").info("saw %s", blob.blob_name)
    logging.getLogger("app").debug("too much to tell")
    if content == b"fail":
        raise ValueError("told to fail")
    if content == b"thread":
        thread = threading.Thread(target=logging.getLogger("app").warning, args=["from a thread"])
        thread.start()
        thread.join()


@app.timer_trigger(arg_name="timer", schedule="0 */10 * * * *")
def on_time(timer: func.TimerRequest) -> None:
    """Write down that time has passed."""
    with Path(os.environ["RUNS"]).open("a") as runs:
        runs.write(f"tick past_due={timer.past_due}\n")
