import LatheTensors
import OrderedCollections

extension Attributes {
  /// The same number for equal attributes, within one run; what is large or rare counts by its kind only.
  public var digest: Int {
    var hasher = Hasher()
    for (name, value) in values {
      hasher.combine(name)
      switch value {
      case .integer(let number): hasher.combine(number)
      case .float(let number): hasher.combine(number.bitPattern)
      case .string(let text): hasher.combine(text)
      case .integers(let numbers): hasher.combine(numbers)
      case .floats(let numbers): hasher.combine(numbers.map(\.bitPattern))
      case .tensor(let tensor): hasher.combine(tensor.fingerprint)
      default: hasher.combine(value.kind)
      }
    }
    return hasher.finalize()
  }
}
