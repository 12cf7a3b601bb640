"""Prints the events of a file, a JSON object a line, as Google's protobuf library reads them."""

import json
import struct
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

FIELD = descriptor_pb2.FieldDescriptorProto
SCHEMA = {
    "Event": [
        ("wall_time", 1, FIELD.TYPE_DOUBLE), ("step", 2, FIELD.TYPE_INT64),
        ("file_version", 3, FIELD.TYPE_STRING), ("summary", 5, "Summary"),
    ],
    "Summary": [("value", 1, "*Value")],
    "Value": [
        ("tag", 1, FIELD.TYPE_STRING), ("simple_value", 2, FIELD.TYPE_FLOAT),
        ("tensor", 8, "Tensor"), ("metadata", 9, "Metadata"),
    ],
    "Metadata": [("plugin_data", 1, "Plugin")],
    "Plugin": [("plugin_name", 1, FIELD.TYPE_STRING)],
    "Tensor": [
        ("dtype", 1, FIELD.TYPE_INT32), ("tensor_shape", 2, "Shape"),
        ("string_val", 8, "*bytes"),
    ],
    "Shape": [("dim", 2, "*Dim")],
    "Dim": [("size", 1, FIELD.TYPE_INT64)],
}


def event_class():
    file = descriptor_pb2.FileDescriptorProto(name="event.proto", package="t", syntax="proto3")
    for name, fields in SCHEMA.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            added = message.field.add(name=field, number=number, label=FIELD.LABEL_OPTIONAL)
            if isinstance(kind, int):
                added.type = kind
                continue
            if kind.startswith("*"):
                added.label = FIELD.LABEL_REPEATED
            if kind == "*bytes":
                added.type = FIELD.TYPE_BYTES
            else:
                added.type = FIELD.TYPE_MESSAGE
                added.type_name = ".t." + kind.lstrip("*")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    descriptor = pool.FindMessageTypeByName("t.Event")
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


def masked_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def main():
    Event = event_class()
    data = open(sys.argv[1], "rb").read()
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        assert struct.unpack_from("<I", data, at + 8)[0] == masked_crc(data[at:at + 8])
        body = data[at + 12:at + 12 + length]
        assert struct.unpack_from("<I", data, at + 12 + length)[0] == masked_crc(body)
        at += length + 16
        event = Event.FromString(body)
        values = {}
        for value in event.summary.value:
            if value.HasField("tensor"):
                assert value.metadata.plugin_data.plugin_name == "text"
                assert value.tensor.dtype == 7 and value.tensor.tensor_shape.dim[0].size == 1
                values[value.tag] = value.tensor.string_val[0].decode()
            else:
                values[value.tag] = value.simple_value
        print(json.dumps({
            "wall_time": event.wall_time, "step": event.step,
            "file_version": event.file_version, "values": values,
        }))


main()
