internal import COnnx
import LatheDiagnostics
import OrderedCollections

/// Reads which versions of which operator sets a model or function uses.
enum OperatorSets {
  /// Versions by domain, in the file's order; the standard domain is the empty string.
  ///
  /// - Throws: `onnx/opset` for a version of the standard set that Lathe does not read, and for contradictions.
  static func read(_ protos: MessageList<Lathe__Onnx__OperatorSetIdProto>) throws(Diagnostic) -> [(String, Int)] {
    var sets: OrderedDictionary<String, Int> = [:]
    for proto in protos {
      let written = try ModelReader.text(proto.pointee.domain, "the domain of an operator set")
      let domain = written == "ai.onnx" ? "" : written
      let version = try checked(proto.pointee.version, domain)
      if let other = sets.updateValue(version, forKey: domain), other != version {
        throw .invalid(
          "onnx/opset",
          "the operator set \(domain.isEmpty ? "ai.onnx" : domain) is imported in versions \(other) and \(version)",
          fix: "export the model again")
      }
    }
    return sets.map { ($0.key, $0.value) }
  }

  private static func checked(_ version: Int64, _ domain: String) throws(Diagnostic) -> Int {
    let supported = ONNXVersions.readableOpset
    guard version >= 1 else {
      throw .invalid(
        "onnx/opset", "the operator set \(domain.isEmpty ? "ai.onnx" : domain) has the version \(version)",
        fix: "export the model again")
    }
    guard domain.isEmpty, !supported.contains(Int(version)) else { return Int(version) }
    let range = "\(supported.lowerBound) to \(supported.upperBound)"
    throw .invalid(
      "onnx/opset",
      "the model is in version \(version) of ONNX's operators, which is newer than this Lathe; it reads \(range)",
      fix: "export the model with opset_version=\(supported.upperBound) or lower, or use a newer Lathe")
  }
}
