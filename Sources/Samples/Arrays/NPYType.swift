import LatheDiagnostics
import LatheTensors

/// The `descr` of an .npy file: what an element is, its bytes and their order.
struct NPYType: Equatable {
  enum Kind: Equatable {
    case plain(DType)
    /// Code points of 4 bytes each, filled with zeros.
    case unicode
    /// UTF-8 bytes, filled with zeros.
    case bytes
  }

  var kind: Kind
  /// Bytes of an element.
  var itemSize: Int
  var isBigEndian: Bool

  /// The type of a tensor's element.
  var dtype: DType {
    guard case .plain(let dtype) = kind else { return .string }
    return dtype
  }

  /// Parses `<f4`, `|b1`, `>U12` and the like.
  init(descr: String) throws(Diagnostic) {
    let characters = Array(descr.utf8)
    guard characters.count >= 2, let order = characters.first, "<>|=".utf8.contains(order) else {
      throw Self.unsupported(descr)
    }
    let size = Self.size(characters.dropFirst(2))
    isBigEndian = order == UInt8(ascii: ">")
    switch Unicode.Scalar(characters[1]) {
    case "U":
      guard let size, size <= Int.max / 4 else { throw Self.unsupported(descr) }
      (kind, itemSize) = (.unicode, size * 4)
    case "S", "a":
      guard let size else { throw Self.unsupported(descr) }
      (kind, itemSize) = (.bytes, size)
    case let letter:
      guard let size, let dtype = Self.plain(letter, size) else { throw Self.unsupported(descr) }
      (kind, itemSize) = (.plain(dtype), size)
    }
  }

  private static func size(_ digits: ArraySlice<UInt8>) -> Int? {
    guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(String(decoding: digits, as: UTF8.self))
  }

  private static func plain(_ letter: Unicode.Scalar, _ size: Int) -> DType? {
    switch (letter, size) {
    case ("b", 1): .bool
    case ("i", 1): .int8
    case ("i", 2): .int16
    case ("i", 4): .int32
    case ("i", 8): .int64
    case ("u", 1): .uint8
    case ("u", 2): .uint16
    case ("u", 4): .uint32
    case ("u", 8): .uint64
    case ("f", 2): .float16
    case ("f", 4): .float32
    case ("f", 8): .float64
    case ("c", 8): .complex64
    case ("c", 16): .complex128
    default: nil
    }
  }

  private static func unsupported(_ descr: String) -> Diagnostic {
    let reason =
      switch descr.utf8.dropFirst().first.map(Unicode.Scalar.init) {
      case "O": "Python objects are stored as a pickle, which could run any code"
      case "M", "m": "dates and durations are no tensors"
      case "V": "raw bytes have no type; numpy writes bfloat16 and 8-bit floats so"
      case "f", "c": "no tensor type is that wide"
      default: "no tensor type is like it"
      }
    return .invalid(
      "npy/dtype", "the array's type \(descr.prefix(40).debugDescription) cannot be read: \(reason)",
      fix: "convert the array to a plain type before saving it, for example with .astype(numpy.float32)")
  }
}
