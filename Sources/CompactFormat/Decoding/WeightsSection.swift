internal import CLatheProto
import LatheDiagnostics
import LatheTensors

/// The weights section, once it is checked: the tensors' contents, with zeros between them, fill it, and their
/// checksums are right.
struct WeightsSection {
  /// The bytes of the section, which keep the file mapped.
  let storage: TensorStorage
  /// Length of the contents at each offset.
  private var lengths: [Int: Int] = [:]

  /// Whether there are contents of this length at this offset.
  func contains(_ offset: Int, _ length: Int) -> Bool { lengths[offset] == length }

  /// Checks the places that `tensors` name.
  ///
  /// - Parameter verifyingChecksums: false trusts the contents, so that their pages need not be read.
  init(
    _ file: CompactFile, _ tensors: [Proto.Tensor], _ reader: MessageReader, verifyingChecksums: Bool
  ) throws(Diagnostic) {
    guard let section = file.section(.weights), let bytes = file.contents(.weights) else {
      throw .badCompactFile("section-missing", "the file has no weights section")
    }
    storage = TensorStorage(bytes: bytes, owner: file.owner)
    let places = tensors.filter { $0.place == LATHE__COMPACT__TENSOR__PLACE__WEIGHTS }.sorted {
      ($0.offset, $0.length, $0.crc) < ($1.offset, $1.length, $1.crc)
    }
    var end = 0
    var last: Proto.Tensor?
    var expected: [(Range<Int>, UInt32)] = []
    for place in places {
      if let last, (last.offset, last.length, last.crc) == (place.offset, place.length, place.crc) { continue }
      last = place
      guard let offset = Int(exactly: place.offset), let length = Int(exactly: place.length), length > 0,
        offset == CompactLayout.aligned(end), offset <= bytes.count, length <= bytes.count - offset
      else {
        throw reader.fault(
          "weights",
          "the contents of a tensor at \(place.offset), length \(place.length), do not follow those before them")
      }
      if let nonzero = bytes.firstNonzero(in: end..<offset) {
        throw .badCompactFile("padding", "a byte between two tensors is not zero", at: section.offset + nonzero)
      }
      expected.append((offset..<offset + length, place.crc))
      lengths[offset] = length
      end = offset + length
    }
    guard end == bytes.count else {
      throw .badCompactFile(
        "weights", "\(bytes.count - end) bytes of the weights belong to no tensor", at: section.offset + end)
    }
    guard verifyingChecksums else { return }
    let checksums = Checksum.concurrent(of: expected.map(\.0), in: bytes)
    if let wrong = zip(expected, checksums).first(where: { $0.1 != $1 }) {
      throw .badCompactFile(
        "checksum", "the checksum of a tensor's contents is wrong", at: section.offset + wrong.0.0.lowerBound)
    }
  }
}
