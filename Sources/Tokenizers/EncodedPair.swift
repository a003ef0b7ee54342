/// Two texts as one input: `[CLS] first [SEP] second [SEP]`.
public struct EncodedPair: Sendable, Hashable {
  /// The ids of all tokens, special ones included.
  public var ids: [Int32]
  /// For each token 0 up to the first separator and 1 behind it.
  public var segmentIDs: [Int32]

  /// A pair of equally many ids and segment ids.
  public init(ids: [Int32], segmentIDs: [Int32]) {
    self.ids = ids
    self.segmentIDs = segmentIDs
  }
}
