-- Widths of columns: what a column cannot do without first, the rest where it saves most height.

local folder = pandoc.path.directory(PANDOC_SCRIPT_FILE)
local common = dofile(pandoc.path.join { folder, 'common.lua' })
local has, pieces = common.has, common.pieces

-- Set width of a text in ems of Libertinus Serif, near enough to share out a page.
local function ems(s)
  if not utf8.len(s) then return #s / 2 end
  local sum = 0
  for _, code in utf8.codes(s) do
    local c = code < 128 and string.char(code) or 'n'
    sum = sum + (c:find('[MWmw@%%]') and 0.8 or c:find('%u') and 0.66
      or c:find('[iljtfr%.,:;\'|%(%)%[%] %-!/]') and 0.31 or 0.49)
  end
  return sum
end

-- Width of the widest piece that cannot be broken. Long words of letters are hyphenated, but not
-- in a heading or in the column that names the rows.
local function widest(text, whole)
  local most = 0
  for token in text:gmatch('%S+') do
    local parts = pieces(token)
    if #parts == 1 then parts = { token:match('^(.-[%-/])%l') or token } end
    for _, part in ipairs(parts) do
      if #part > 13 and part:match('^%a+%p*$') and not whole then part = part:sub(1, 10) end
      most = math.max(most, utf8.len(part) and ems(part) or 6)
    end
  end
  return most
end

-- Columns with their least and greatest width, and the width of every text by row.
local function measure(count, rows, heads)
  local columns, lengths = {}, {}
  for i = 1, count do columns[i] = { least = 1, most = 1, body = 0, cells = 0, num = 0 } end
  for r, row in ipairs(rows) do
    local at, line = 1, {}
    for _, cell in ipairs(row.cells) do
      local c = columns[at]
      if c and cell.col_span == 1 then
        local text = pandoc.utils.stringify(cell.contents)
        local width = ems(text)
        line[at] = width
        local bold = r <= heads and 1.08 or 1
        c.least = math.max(c.least, widest(text, r <= heads or at == 1) * bold)
        c.most = math.max(c.most, width)
        if r > heads then c.body = math.max(c.body, width) end
        c.cells = c.cells + 1
        if has(cell, 'num') or has(cell, 'text-right') then c.num = c.num + 1 end
      end
      at = at + cell.col_span
    end
    lengths[r] = line
  end
  for _, c in ipairs(columns) do
    c.numeric = c.num > 0 and c.num >= c.cells / 2
    -- a short cell stays on one line
    if c.body < (c.numeric and 7 or 6.6) then c.least = math.max(c.least, c.body) end
    c.most = math.max(c.most, c.least)
  end
  return columns, lengths
end

local function total(columns, key)
  local sum = 0
  for _, c in ipairs(columns) do sum = sum + c[key] end
  return sum
end

local RAGGED = 1.1  -- a line set ragged is not filled to its end
local function fourth(length, width)
  local lines = math.max(1, length * RAGGED / width)
  return lines * lines * lines * lines
end

-- Share out `room` ems. A row is as tall as its tallest cell; the fourth power mean stands for
-- the greatest, so that the height falls smoothly with each share.
local SHARES = 60
local function share(columns, lengths, room)
  local widths, sums = {}, {}
  for i, c in ipairs(columns) do widths[i] = c.least end
  for r, line in ipairs(lengths) do
    sums[r] = 0
    for i, length in pairs(line) do sums[r] = sums[r] + fourth(length, widths[i]) end
  end
  local spare = room - total(columns, 'least')
  local step = math.max(spare, 0) / SHARES
  for _ = 1, step > 0 and SHARES or 0 do
    local best, most = nil, 1e-6
    for i, c in ipairs(columns) do
      if widths[i] < c.most * RAGGED then
        local saved = 0
        for r, line in ipairs(lengths) do
          if line[i] and line[i] * RAGGED > widths[i] then
            local after = sums[r] - fourth(line[i], widths[i]) + fourth(line[i], widths[i] + step)
            saved = saved + sums[r] ^ 0.25 - after ^ 0.25
          end
        end
        if saved > most then best, most = i, saved end
      end
    end
    if not best then break end
    for r, line in ipairs(lengths) do
      if line[best] then
        sums[r] = sums[r] - fourth(line[best], widths[best])
          + fourth(line[best], widths[best] + step)
      end
    end
    widths[best] = widths[best] + step
    spare = spare - step
  end
  for i in ipairs(widths) do widths[i] = widths[i] + math.max(spare, 0) / #widths end
  return widths
end

-- Lines of each row when set to these widths.
local function heights(lengths, widths)
  local out, sum = {}, 0
  for r, line in ipairs(lengths) do
    out[r] = 1
    for i, length in pairs(line) do
      out[r] = math.max(out[r], math.ceil(length * RAGGED / widths[i] - 0.08))
    end
    sum = sum + out[r]
  end
  return out, sum
end

local PORTRAIT, LANDSCAPE, GAP = 459, 692, 10   -- points: the text block, upright and turned

-- Type size, direction of the page, widths of the columns and lines of the rows. Nothing is set
-- under 7 pt, and the page is turned only for a table that fits no upright one.
local function layout(columns, lengths, turned)
  local least, most, gaps = total(columns, 'least'), total(columns, 'most'), #columns * GAP
  local function fits(size, page, slack)
    return least * size * (least < most and slack or 1) + gaps <= page
  end
  local size, wide = nil, true
  if not turned then
    for _, s in ipairs { 8.5, 8, 7.5, 7 } do
      if fits(s, PORTRAIT, s > 7 and 1.25 or 1.1) then size, wide = s, false; break end
    end
  end
  for _, s in ipairs { 8.5, 8, 7.5, 7 } do
    if not size and fits(s, LANDSCAPE, s > 7 and 1.2 or 1.05) then size = s end
  end
  local crowded = not size
  size = size or 7
  local page, out, lines, sum = wide and LANDSCAPE or PORTRAIT, {}, nil, nil
  if most * size + gaps <= page * 0.62 then
    for i in ipairs(columns) do out[i] = 'auto' end
    lines, sum = heights(lengths, share(columns, lengths, most * RAGGED))
    return { size = size, wide = wide, widths = out, lines = lines, sum = sum }
  end
  local widths = share(columns, lengths, (page - gaps) / size)
  lines, sum = heights(lengths, widths)
  if size == 8.5 and sum / #lengths > 3 then  -- much text: a little smaller, fewer lines
    size = 8
    widths = share(columns, lengths, (page - gaps) / size)
    lines, sum = heights(lengths, widths)
  end
  for i, w in ipairs(widths) do out[i] = string.format('%.2ffr', w * size + GAP) end
  return { size = size, wide = wide, widths = out, lines = lines, sum = sum, crowded = crowded }
end

return { measure = measure, layout = layout, ems = ems }
