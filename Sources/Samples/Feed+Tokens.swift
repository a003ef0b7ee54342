import LatheTensors

extension Feed {
  /// Which tokens of each row are no padding, by the feed's mask or lengths; nil where neither is an input of tensors, or what was padded is known.
  public var tokenMasks: [[Bool]]? {
    guard lengths == nil else { return nil }
    for (name, tensor) in inputs.sorted(by: { $0.key < $1.key }) where TextRole(name: name) == .mask && tensor.rank == 2 {
      let width = tensor.shape[1]
      guard width > 0 else { return nil }
      guard let flags = tensor.elements(as: Bool.self) ?? tensor.doubles()?.map({ $0 != 0 }) else { continue }
      return stride(from: 0, to: flags.count, by: width).map { Array(flags[$0..<$0 + width]) }
    }
    let ids = inputs.first { TextRole(name: $0.key) == .ids && $0.value.rank == 2 }?.value
    guard let width = ids?.shape[1], let counts = inputs.first(where: { TextRole(name: $0.key) == .lengths })?.value.integers() else { return nil }
    return counts.map { count in (0..<width).map { $0 < count } }
  }
}
