import LatheDiagnostics
import LatheJSON
import LatheTensors

/// One tensor of a dump: its type, and where its elements are.
struct DumpEntry {
  /// Where the elements stand: in the dump's text, or in a file beside it.
  enum Payload {
    case numbers(Range<Int>)
    case base64(Range<Int>)
    case file(String, offset: Int, length: Int, digest: String)
  }

  private static let keys = ["dtype", "shape", "data", "base64", "file", "offset", "length", "sha256"]

  let dtype: DType
  let shape: [Int]
  let count: Int
  let byteCount: Int
  let payload: Payload

  /// Reads the entry called `name`.
  init(_ cursor: inout JSONCursor, _ name: String, _ limits: ResourceLimits) throws(Diagnostic) {
    var values: [String: JSONValue] = [:]
    var ranges: [String: Range<Int>] = [:]
    let start = cursor.offset
    do throws(Diagnostic) {
      try cursor.object { (cursor, key) throws(Diagnostic) in
        switch key {
        case "data", "base64": ranges[key] = try cursor.skip()
        case _ where Self.keys.contains(key): values[key] = try cursor.value()
        default:
          throw .invalid(
            "weights/key", "the entry has the key \(key.prefix(60).debugDescription), which means nothing",
            fix: Spelling.nearest(key, among: Self.keys).map { "did you mean \($0)?" }
              ?? "the keys are \(Self.keys.joined(separator: ", "))")
        }
      }
      guard let dtypeName = values["dtype"]?.stringValue, let dtype = ElementTypeName.type(dtypeName) else {
        let shown = values["dtype"]?.serialized().prefix(60) ?? "missing"
        throw .invalid(
          "weights/dtype", "the element type is \(shown)", fix: "name one such as \"float32\" or \"int64\"")
      }
      guard let shape = values["shape"]?.extents else {
        let shown = values["shape"]?.serialized().prefix(60) ?? "missing"
        throw .invalid("weights/shape", "the shape is \(shown), not a list of whole numbers from 0 on")
      }
      let count = try Tensor.elementCount(of: shape)
      guard let byteCount = dtype.byteCount(of: count), byteCount <= limits.tensorBytes else {
        throw limits.exceeded("tensor-bytes", "a tensor of \(dtype)\(shape) is asked for")
      }
      (self.dtype, self.shape, self.count, self.byteCount) = (dtype, shape, count, byteCount)
      payload = try Self.payload(values, ranges)
    } catch {
      let place = error.location.line == nil ? cursor.location(of: start) : Location()
      throw error.located(in: Location(value: name).filled(from: place))
    }
  }

  private static func payload(
    _ values: [String: JSONValue], _ ranges: [String: Range<Int>]
  ) throws(Diagnostic) -> Payload {
    let given = ["data", "base64", "file"].filter { ranges[$0] != nil || values[$0] != nil }
    guard given.count == 1 else {
      throw .invalid(
        "weights/payload",
        given.isEmpty
          ? "the tensor has no elements"
          : "the tensor has its elements more than once: \(given.joined(separator: " and "))",
        fix: "give one of data, base64, and file with offset, length and sha256")
    }
    if let range = ranges["data"] { return .numbers(range) }
    if let range = ranges["base64"] { return .base64(range) }
    guard let file = values["file"]?.stringValue, let offset = values["offset"]?.intValue, offset >= 0,
      let length = values["length"]?.intValue, length >= 0, let digest = values["sha256"]?.stringValue
    else {
      throw .invalid("weights/payload", "file needs a name, offset and length in bytes, and sha256 in hexadecimal")
    }
    return .file(file, offset: offset, length: length, digest: digest)
  }

  /// The diagnostic for elements that take `bytes` bytes and should not.
  func wrongLength(_ bytes: Int) -> Diagnostic {
    .invalid(
      "weights/length", "the elements take \(bytes) bytes, but \(dtype)\(shape) needs \(byteCount)",
      fix: "write the dump again")
  }
}
