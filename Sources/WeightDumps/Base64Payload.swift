import LatheDiagnostics
import LatheFiles
import LatheJSON
import LatheTensors

/// Elements as base64 of their little-endian bytes, which go straight to their place.
struct Base64Payload {
  private static let pageBytes = 1 << 20

  let entry: DumpEntry
  let file: MappedFile
  let range: Range<Int>

  func tensor() throws(Diagnostic) -> Tensor {
    guard file.bytes[range.lowerBound] == UInt8(ascii: "\"") else {
      throw file.fault("weights/base64", at: range.lowerBound, "base64 should be a text")
    }
    // Text that is too short for its tensor is told from its length, before anything is allocated.
    guard entry.byteCount <= range.count else { throw located(entry.wrongLength((range.count - 2) / 4 * 3)) }
    return try Tensor(dtype: entry.dtype, shape: entry.shape) { (target) throws(Diagnostic) in try decode(into: target)
    }
  }

  private func decode(into target: UnsafeMutableRawBufferPointer) throws(Diagnostic) {
    let text = file.bytes
    let end = range.upperBound - 1
    var (bits, bitCount, written, padding) = (UInt32(0), 0, 0, 0)
    var digits = 0
    for offset in range.lowerBound + 1..<end {
      if offset.isMultiple(of: Self.pageBytes) { file.dropPages() }
      let byte = text[offset]
      let digit = Self.digits[Int(byte)]
      guard digit != Self.noDigit, padding == 0 else {
        // A slash may be written as \/ in JSON.
        if byte == UInt8(ascii: "\\"), padding == 0, offset + 1 < end, text[offset + 1] == UInt8(ascii: "/") {
          continue
        }
        guard byte == UInt8(ascii: "="), padding < 2 else {
          throw file.fault("weights/base64", at: offset, "this is no character of base64 here")
        }
        padding += 1
        continue
      }
      digits += 1
      bits = bits << 6 | UInt32(digit)
      bitCount += 6
      if bitCount >= 8 {
        bitCount -= 8
        if written < target.count { target[written] = UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)) }
        written += 1
      }
    }
    guard (digits + padding).isMultiple(of: 4), bits & ((1 << UInt32(bitCount)) - 1) == 0 else {
      throw file.fault("weights/base64", at: end, "the base64 ends within a group of four characters")
    }
    guard written == target.count else {
      throw located(entry.wrongLength(written))
    }
  }

  private func located(_ diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.located(in: file.fault("", at: range.lowerBound, "").location)
  }

  private static let noDigit: UInt8 = 255
  private static let digits: [UInt8] = {
    var table = [UInt8](repeating: noDigit, count: 256)
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
    return table
  }()
}
