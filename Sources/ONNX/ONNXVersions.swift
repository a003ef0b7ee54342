import LatheDiagnostics

/// The versions of ONNX that Lathe reads and writes, and what it takes for granted about every model.
enum ONNXVersions {
  /// Versions of the file format.
  static let ir: ClosedRange<Int> = 3...14
  /// Versions of the standard operator set that are written; inside, every operator has the meaning of the last.
  static let opset: ClosedRange<Int> = 7...28
  /// Versions of the standard operator set that are read.
  static let readableOpset: ClosedRange<Int> = 1...28
  /// As many axes as NumPy and PyTorch allow; a bound for whatever is linear in the rank.
  static let mostAxes = 64
  /// Levels of graphs and calls that are followed whatever the limits say: reading recurses, and stacks end.
  static let mostLevels = 128

  /// Levels that may be open at once.
  static func levels(_ limits: ResourceLimits) -> Int { min(max(1, limits.nestingDepth), mostLevels) }

  /// - Throws: `onnx/rank` for more axes than any real tensor has.
  static func check(rank: Int) throws(Diagnostic) {
    guard rank > mostAxes else { return }
    throw .invalid(
      "onnx/rank", "the shape has \(rank) dimensions; Lathe takes at most \(mostAxes), as NumPy and PyTorch do",
      fix: "export the model with fewer dimensions")
  }
}
