"""Flow logs made for the tests of this folder: records of the three formats around given tuples."""

from typing import Any

import orjson

MAC = "00224871C205"
NSG_ID = "/SUBSCRIPTIONS/S/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/NSG"
TARGET_ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/net"
FLOW_LOG_ID = "/SUBSCRIPTIONS/S/RESOURCEGROUPS/NETWORKWATCHERRG/PROVIDERS/MICROSOFT.NETWORK/FLOWLOGS/LOG"
ACL_ID = "8b7c1d7e-0000-4a3e-9d1c-2f1e6f0a7b11"

NSG_V1_TUPLE = "1793610020,10.0.0.4,13.107.21.200,49982,443,T,O,A"
NSG_V2_TUPLE = "1793610020,10.0.0.4,13.107.21.200,49982,443,T,O,A,E,7,1158,12,8143"
VNET_TUPLE = "1793610020101,10.0.0.4,13.107.21.200,49982,443,6,O,E,NX,7,1158,12,8143"
TUPLES = {"nsg1": NSG_V1_TUPLE, "nsg2": NSG_V2_TUPLE, "vnet": VNET_TUPLE}


def nsg(*groups: list[Any], version: object = 2, mac: object = MAC, **more: object) -> dict[str, Any]:
    """Return an NSG record with a rule for each group of tuples."""
    return {
        "time": "2026-11-02T09:01:06.8944384Z",
        "systemId": "05cdbee8-43c6-458e-b53c-d707f958c66b",
        "macAddress": MAC,
        "category": "NetworkSecurityGroupFlowEvent",
        "resourceId": NSG_ID,
        "operationName": "NetworkSecurityGroupFlowEvents",
        "properties": {
            "Version": version,
            "flows": [
                {"rule": f"UserRule_{number}", "flows": [{"mac": mac, "flowTuples": tuples}]}
                for number, tuples in enumerate(groups)
            ],
        },
    } | more


def vnet(*groups: list[Any], version: object = 4, mac: object = MAC, **more: object) -> dict[str, Any]:
    """Return a VNet record with a rule for each group of tuples."""
    return {
        "time": "2026-11-02T09:01:06.8944384Z",
        "flowLogVersion": version,
        "flowLogGUID": "36094b6b-6999-48cf-8052-f8815f6732d9",
        "macAddress": mac,
        "category": "FlowLogFlowEvent",
        "flowLogResourceID": FLOW_LOG_ID,
        "targetResourceID": TARGET_ID,
        "operationName": "FlowLogFlowEvent",
        "flowRecords": {
            "flows": [
                {"aclID": ACL_ID, "flowGroups": [{"rule": f"UserRule_{number}", "flowTuples": tuples}]}
                for number, tuples in enumerate(groups)
            ]
        },
    } | more


def record(kind: str, *groups: list[Any], **more: object) -> dict[str, Any]:
    """Return a record of `nsg1`, `nsg2` or `vnet`."""
    match kind:
        case "nsg1":
            return nsg(*groups, **{"version": 1} | more)
        case "nsg2":
            return nsg(*groups, **more)
        case _:
            return vnet(*groups, **more)


def text(*records: object) -> bytes:
    """Return records as compact JSON, joined by commas."""
    return b",".join(orjson.dumps(each) for each in records)


def file(*records: object) -> bytes:
    """Return a whole log: the envelope around the records."""
    return b'{"records":[%b]}' % text(*records)
