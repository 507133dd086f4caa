"""The function app: two blob triggers and the sweep's timer. What they do is in `shared/`.

An event only says which blob to look at; `shared.delivery` finds out what is new in it.
"""

import azure.functions as func
import azurefunctions.extensions.bindings.blob as blob_binding

from shared.flowlog import LogKind
from shared.invocations import Invocations

app = func.FunctionApp()
_invocations = Invocations()


@app.blob_trigger(
    arg_name="blob", path=f"{LogKind.NSG.container}/{{name}}", connection="FLOW_LOGS", source=func.BlobSource.EVENT_GRID
)
def nsg_flow_log(blob: blob_binding.BlobClient) -> None:
    """Deliver what is new in an NSG flow log."""
    # Only the reference is used: a separate client and credential for every event would be slow and costly.
    _invocations.event(blob.container_name, blob.blob_name)


@app.blob_trigger(
    arg_name="blob",
    path=f"{LogKind.VNET.container}/{{name}}",
    connection="FLOW_LOGS",
    source=func.BlobSource.EVENT_GRID,
)
def vnet_flow_log(blob: blob_binding.BlobClient) -> None:
    """Deliver what is new in a VNet flow log."""
    _invocations.event(blob.container_name, blob.blob_name)


@app.timer_trigger(arg_name="timer", schedule="0 */10 * * * *")
def sweep(timer: func.TimerRequest) -> None:  # noqa: ARG001 -- the binding needs a parameter of this name
    """Deliver what no event announced."""
    _invocations.sweep()
