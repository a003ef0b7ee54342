import LatheTensors

extension Graph {
  /// 64 bits that tell this graph, constants included, from another; not cryptographic. Names count, provenance does not.
  public var fingerprint: UInt64 {
    let text = Array(GraphPrinter().print(self).utf8)
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return hash
  }
}
