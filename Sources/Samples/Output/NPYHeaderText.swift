import LatheDiagnostics
import LatheTensors

/// Writes headers of .npy files, as numpy does: version 1.0, padded so that elements start at a multiple of 64 bytes.
enum NPYHeaderText {
  static func bytes(descr: String, shape: [Int]) -> [UInt8] {
    let extents = shape.map(String.init).joined(separator: ", ")
    let tuple = shape.count == 1 ? "(\(extents),)" : "(\(extents))"
    var text = Array("{'descr': '\(descr)', 'fortran_order': False, 'shape': \(tuple), }".utf8)
    let preamble = NPYHeader.magic.count + 4
    text += Array(repeating: 0x20, count: 63 - (preamble + text.count) % 64) + [0x0A]
    return NPYHeader.magic + [1, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8 & 0xFF)] + text
  }

  /// numpy's spelling of `dtype`; nil for strings and for types that numpy lacks.
  static func descr(_ dtype: DType) -> String? {
    switch dtype {
    case .bool: "|b1"
    case .int8: "|i1"
    case .uint8: "|u1"
    case .int16: "<i2"
    case .uint16: "<u2"
    case .int32: "<i4"
    case .uint32: "<u4"
    case .int64: "<i8"
    case .uint64: "<u8"
    case .float16: "<f2"
    case .float32: "<f4"
    case .float64: "<f8"
    case .complex64: "<c8"
    case .complex128: "<c16"
    default: nil
    }
  }
}
