/// The versions of ONNX that Lathe reads and writes.
enum ONNXVersions {
  /// Versions of the file format.
  static let ir: ClosedRange<Int> = 3...14
  /// Versions of the standard operator set that are written; inside, every operator has the meaning of the last.
  static let opset: ClosedRange<Int> = 7...28
  /// Versions of the standard operator set that are read.
  static let readableOpset: ClosedRange<Int> = 1...28
}
