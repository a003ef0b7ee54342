import LatheDiagnostics
import LatheIR
import LatheTensors

/// A table of floats as codes of a few bits, which a codebook turns into floats.
///
/// Codes are bytes, [rows, `rowBytes`]. Those of a row follow each other, least significant bits first, and each row begins with a byte of its
/// own. A value is codebook[code], or codebook[code] · scale[row], rounded once.
public enum CodedTable {
  /// Bits that a code may have.
  public static let allowedBits = [4, 5, 6, 8]

  /// Bytes of a row of so many values.
  public static func rowBytes(_ width: Int, bits: Int) -> Int { width / 8 * bits + (width % 8 * bits + 7) / 8 }

  /// Codes, one in each byte and row after row, as a table has them.
  ///
  /// - Throws: `tensor/out-of-memory`.
  public static func packed(_ codes: [UInt8], width: Int, bits: Int) throws(Diagnostic) -> Tensor {
    let (rows, length) = (width == 0 ? 0 : codes.count / width, rowBytes(width, bits: bits))
    return try Tensor(of: UInt8.self, shape: [rows, length]) { target in
      for row in 0..<rows {
        let bytes = PackedElements.pack(Array(codes[row * width..<(row + 1) * width]), bitWidth: bits)
        _ = UnsafeMutableBufferPointer(rebasing: target[row * length..<(row + 1) * length]).update(fromContentsOf: bytes)
      }
    }
  }

  /// Rows of 32-bit floats, by their numbers.
  ///
  /// - Parameter rows: numbers of rows that there are.
  static func rows(
    _ rows: [Int], of codes: Tensor, _ codebook: Tensor, _ scales: Tensor?, width: Int, bits: Int
  ) throws(Diagnostic) -> Tensor {
    guard let values = codebook.elements(as: Float.self), values.count == 1 << bits else {
      throw .invalid("operator/coded-table", "a codebook of \(codebook.dtype)\(codebook.shape) has not \(1 << bits) floats of 32 bits")
    }
    let (factors, length) = (scales?.elements(as: Float.self), rowBytes(width, bits: bits))
    return try Tensor(of: Float.self, shape: [rows.count, width]) { target in
      codes.withBytes { bytes in
        for (place, row) in rows.enumerated() {
          let own = UnsafeRawBufferPointer(rebasing: bytes[row * length..<(row + 1) * length])
          for (column, code) in PackedElements.unpack(own, bitWidth: bits, count: width).enumerated() {
            let value = values[Int(code)]
            target[place * width + column] = factors.map { value * $0[row] } ?? value
          }
        }
      }
    }
  }

  /// Checks that the operands of a table fit each other.
  ///
  /// - Throws: `operator/coded-table`.
  static func check(
    codes: TensorType, codebook: TensorType, scales: TensorType?, width: Dimension, bits: Int, _ name: OperatorName
  ) throws(Diagnostic) {
    func misfit(_ message: String) -> Diagnostic { .invalid("operator/coded-table", "\(name): \(message)") }
    let bytes = width.known.map { Dimension.known(rowBytes($0, bits: bits)) } ?? .unknown
    guard codes.dtype == .uint8, codes.shape.map({ $0.count == 2 && !$0[1].isProvablyDifferent(from: bytes) }) ?? true else {
      throw misfit("\(codes) are no rows of \(width) codes of \(bits) bits")
    }
    guard codebook.shape.map({ $0.count == 1 && !$0[0].isProvablyDifferent(from: .known(1 << bits)) }) ?? true else {
      throw misfit("a codebook of \(codebook) has not one float for each code of \(bits) bits")
    }
    guard let scales else { return }
    let rows = codes.shape?[0] ?? .unknown
    guard scales.dtype == codebook.dtype, scales.shape.map({ $0.count == 1 && !$0[0].isProvablyDifferent(from: rows) }) ?? true else {
      throw misfit("scales of \(scales) are not one for each row of codes of \(codes) with a codebook of \(codebook)")
    }
  }
}

extension GraphBuilder {
  /// Rows of codes as floats, in standard operators: codes of fewer than 8 bits are cut from their bytes by integer arithmetic.
  ///
  /// - Parameters:
  ///   - rows: [… , bytes of a row].
  ///   - scales: of the rows, [… ].
  mutating func decoded(
    _ rows: ValueID, _ codebook: ValueID, _ scales: ValueID?, width: Int?, bits: Int
  ) throws(Diagnostic) -> ValueID {
    var codes = try add(Cast(to: .int32), [rows])
    if bits < 8 {
      guard let width, width <= 1 << 24 else {
        let count = width.map { "\($0)" } ?? "nobody knows how many"
        throw .invalid("operator/coded-table", "rows of codes of \(bits) bits have \(count) values")
      }
      codes = try cut(codes, width: width, bits: bits)
    }
    let floats = try add(Gather(axis: 0), [codebook, codes])
    guard let scales else { return floats }
    return try add(Mul(), [floats, try add(Unsqueeze(), [scales, try integers("axes", [-1])])])
  }

  /// Codes of fewer than 8 bits from the bytes that they lie in.
  private mutating func cut(_ bytes: ValueID, width: Int, bits: Int) throws(Diagnostic) -> ValueID {
    let starts = (0..<width).map { $0 * bits }
    let last = max(0, CodedTable.rowBytes(width, bits: bits) - 1)
    var codes = try add(Gather(axis: -1), [bytes, try integers("bytes", starts.map { $0 / 8 })])
    if 8 % bits != 0 {
      let next = try add(Gather(axis: -1), [bytes, try integers("next.bytes", starts.map { min($0 / 8 + 1, last) })])
      codes = try add(Add(), [codes, try add(Mul(), [next, try constant("byte", try Tensor.scalar(Int32(256)))])])
    }
    let divisors = try constant("divisors", try Tensor(starts.map { Int32(1) << Int32($0 % 8) }, shape: [width]))
    let shifted = try add(Div(), [codes, divisors])
    return try add(Mod(), [shifted, try constant("levels", try Tensor.scalar(Int32(1) << Int32(bits)))])
  }
}
