import LatheDiagnostics
import LatheTensors

/// The header of an .npy file (NumPy Enhancement Proposal 1; versions 1.0, 2.0 and 3.0).
struct NPYHeader: Equatable {
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// As many axes as numpy allows.
  static let maximumRank = 64
  /// Longer headers belong to structured arrays.
  static let maximumBytes = 1 << 16

  var type: NPYType
  var shape: [Int]
  /// Whether the first axis is the one that runs fastest.
  var isColumnMajor: Bool
  /// Product of `shape`.
  var elementCount: Int
  /// Bytes of the elements behind the header.
  var dataBytes: Int

  /// Reads a header from `source`, which then stands at the elements.
  init(from source: inout some ByteSource) throws(Diagnostic) {
    let start = try source.bytes(10, of: "the header")
    guard start.starts(with: Self.magic) else {
      throw .invalid(
        "npy/magic", "this is no array of numpy: it does not start with \\x93NUMPY", fix: "save it with numpy.save")
    }
    let (major, minor) = (start[6], start[7])
    guard (1...3).contains(major), minor == 0 else {
      throw .invalid(
        "npy/version", "the array is in version \(major).\(minor) of numpy's format; 1.0, 2.0 and 3.0 can be read",
        fix: "save it with numpy.save of a released numpy")
    }
    var length = Int(start[8]) | Int(start[9]) << 8
    if major > 1 {
      let rest = try source.bytes(2, of: "the header")
      length |= Int(rest[0]) << 16 | Int(rest[1]) << 24
    }
    guard length <= Self.maximumBytes else {
      throw .invalid(
        "npy/header-length",
        "the header claims \(length) bytes, more than the \(Self.maximumBytes) a plain array may need")
    }
    try self.init(parsing: try source.bytes(length, of: "the header"))
  }

  private init(parsing text: [UInt8]) throws(Diagnostic) {
    guard case .dictionary(let members)? = PythonLiteral(parsing: text),
      case .truth(let order)? = members["fortran_order"],
      case .sequence(let extents)? = members["shape"], let descr = members["descr"]
    else { throw Self.malformed("it is not a dictionary of descr, fortran_order and shape") }
    guard case .text(let descr) = descr else {
      throw .invalid(
        "npy/dtype", "the array is a structured one, with named fields", fix: "save each field as an array of its own")
    }
    let shape = extents.compactMap { if case .number(let extent) = $0 { extent } else { nil } }
    guard shape.count == extents.count else {
      throw Self.malformed("its shape holds something other than whole numbers")
    }
    guard shape.count <= Self.maximumRank else { throw Self.malformed("its shape has \(shape.count) axes") }
    try self.init(type: try NPYType(descr: descr), shape: shape, isColumnMajor: order)
  }

  init(type: NPYType, shape: [Int], isColumnMajor: Bool) throws(Diagnostic) {
    let count = try Tensor.elementCount(of: shape)
    let (bytes, overflow) = count.multipliedReportingOverflow(by: type.itemSize)
    guard !overflow else { throw Self.malformed("its shape \(shape) has more bytes than can be counted") }
    guard type.itemSize > 0 || count == 0 || shape.isEmpty else {
      throw Self.malformed("its \(count) strings have no bytes at all")
    }
    self.type = type
    self.shape = shape
    self.isColumnMajor = isColumnMajor
    elementCount = count
    dataBytes = bytes
  }

  private static func malformed(_ why: String) -> Diagnostic {
    .invalid("npy/header", "the header of the array cannot be used: \(why)", fix: "save it with numpy.save")
  }
}
