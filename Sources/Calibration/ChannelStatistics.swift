/// What was seen of each channel of an activation, a channel being an index of its last axis.
public struct ChannelStatistics: Sendable, Hashable {
  /// The largest magnitude of each channel.
  public private(set) var largest: [Float]
  /// The mean of each channel; zeros where nothing was seen.
  public var means: [Float] { sums.map { count == 0 ? 0 : Float($0 / Double(count)) } }
  /// The mean of each channel's squares; zeros where nothing was seen.
  public var meanSquares: [Float] { squares.map { count == 0 ? 0 : Float($0 / Double(count)) } }
  /// Rows that were infinite or no numbers somewhere; they do not count.
  public private(set) var notFinite = 0
  private var sums: [Double]
  private var squares: [Double]
  private var count = 0

  public init(channels: Int) {
    largest = Array(repeating: 0, count: channels)
    sums = Array(repeating: 0, count: channels)
    squares = sums
  }

  /// Statistics that were seen earlier.
  public init(largest: [Float], means: [Float], meanSquares: [Float], notFinite: Int = 0) {
    self.notFinite = notFinite
    self.largest = largest
    sums = means.map { Double($0) }
    squares = meanSquares.map { Double($0) }
    count = 1
  }

  /// Takes in rows of as many values as there are channels.
  public mutating func add(_ values: UnsafeBufferPointer<Float>) {
    let channels = largest.count
    guard channels > 0 else { return }
    for start in stride(from: 0, through: values.count - channels, by: channels) {
      addRow(UnsafeBufferPointer(rebasing: values[start..<start + channels]))
    }
  }

  private mutating func addRow(_ row: UnsafeBufferPointer<Float>) {
    // Written without early ends, which would keep the loops from being vectorized.
    var strange = 0
    for value in row { strange += value.isFinite ? 0 : 1 }
    guard strange == 0 else {
      notFinite += 1
      return
    }
    largest.withUnsafeMutableBufferPointer { largest in
      for channel in row.indices { largest[channel] = max(largest[channel], abs(row[channel])) }
    }
    sums.withUnsafeMutableBufferPointer { sums in
      for channel in row.indices { sums[channel] += Double(row[channel]) }
    }
    squares.withUnsafeMutableBufferPointer { squares in
      for channel in row.indices { squares[channel] += Double(row[channel]) * Double(row[channel]) }
    }
    count += 1
  }
}
