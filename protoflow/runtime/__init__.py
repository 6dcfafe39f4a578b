"""Running a protocol: what users subclass and call, and the interpreter that executes the tables."""

from protoflow.runtime.batching import batched
from protoflow.runtime.course import Course
from protoflow.runtime.machine import machine
from protoflow.runtime.message import Message
from protoflow.runtime.participant import Participant
from protoflow.runtime.result import Result
from protoflow.runtime.send import Send
from protoflow.runtime.setting import Setting

__all__ = ["Course", "Message", "Participant", "Result", "Send", "Setting", "batched", "machine"]
