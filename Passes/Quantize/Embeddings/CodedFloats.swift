import LatheDiagnostics
import LatheOperators
import LatheTensors

/// A matrix of floats as codes, with how far they are from it.
struct CodedFloats {
  let bits, width: Int
  let codes, codebook: Tensor
  let scales: Tensor?
  /// √(Σ n (w − ŵ)² / Σ n w²), n being how much a row weighs.
  let relativeError: Double

  /// - Parameters:
  ///   - codes: one in each byte.
  ///   - codebook: 2^bits levels.
  ///   - scales: of the rows; nil for 1.
  ///   - weights: of the rows; nil for 1.
  init(
    _ floats: Tensor, codes: [UInt8], codebook: [Float], scales: [Float]?, weights: [Double]?, bits: Int
  ) throws(Diagnostic) {
    let width = floats.shape[1]
    (self.bits, self.width) = (bits, width)
    self.codes = try CodedTable.packed(codes, width: width, bits: bits)
    self.codebook = try Tensor(codebook, shape: [codebook.count])
    self.scales = try scales.map { (scales) throws(Diagnostic) in try Tensor(scales, shape: [scales.count]) }
    relativeError = floats.withElements(as: Float.self) { values in
      var (error, energy) = (0.0, 0.0)
      for row in 0..<floats.shape[0] {
        var (own, all) = (0.0, 0.0)
        let scale = scales?[row] ?? 1
        for place in row * width..<(row + 1) * width {
          let value = Double(values[place])
          let difference = value - Double(codebook[Int(codes[place])] * scale)
          own += difference * difference
          all += value * value
        }
        error += own * (weights?[row] ?? 1)
        energy += all * (weights?[row] ?? 1)
      }
      return energy == 0 ? 0 : (error / energy).squareRoot()
    }
  }

  /// Of codes, codebook and scales.
  var byteCount: Int { codes.byteCount + codebook.byteCount + (scales?.byteCount ?? 0) }

  /// The relative error in percent, to two digits behind the point.
  var relativeErrorText: String {
    let hundredths = Int((relativeError * 10000).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) %"
  }
}
