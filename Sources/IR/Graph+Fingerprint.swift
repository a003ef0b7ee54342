import LatheTensors

extension Graph {
  /// 64 bits that tell this graph, constants included, from another; not cryptographic. Names count, provenance does not.
  public var fingerprint: UInt64 {
    let text = Array(GraphPrinter().print(self).utf8)
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return hash
  }

  /// The fingerprint as files hold it: 16 hexadecimal digits.
  public var fingerprintText: String {
    let digits = String(fingerprint, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Whether a file's text is this graph's fingerprint; zeros in front may be missing, as earlier versions left them out of records.
  public func hasFingerprint(_ text: String) -> Bool { UInt64(text, radix: 16) == fingerprint }
}
