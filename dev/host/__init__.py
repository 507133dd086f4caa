"""A local Functions host: it does what the Azure Functions host does around Microsoft's own Python worker library.

`azure-functions-runtime` is the library that runs in Azure; here it runs in this process, indexes `function_app.py`,
checks its bindings and calls its functions. What calls the library is written after the host's open source: the Event
Grid webhook, the control queue with its retries and poison queue, timers, the admin endpoints and the log filter.
Scaling, and the time limit of a function, are not imitated.
"""
