@_exported import Loopback
