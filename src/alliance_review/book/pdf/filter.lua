-- pandoc filter: the cleaned pages as calls of the functions of template.typ.
-- Every ASCII punctuation mark of the text is escaped, so no text can be read as Typst markup.

local function esc(s) return (s:gsub('%p', '\\%0')) end
local function quote(s)
  return '"' .. s:gsub('\\', '\\\\'):gsub('"', '\\"'):gsub('\n', '\\n') .. '"'
end
local function block(s) return pandoc.RawBlock('typst', s) end
local function inline(s) return pandoc.RawInline('typst', s) end
local function has(el, class) return el.classes:includes(class) end
local function label(el)
  local name = el.attributes.place
  return name and ('label(' .. quote(name) .. ')') or 'none'
end

-- A long word (an address, an identifier) may break after a punctuation mark, without a hyphen:
-- an empty box is a place to break that leaves no trace in the text a reader copies.
local LONG = 18
local function pieces(s)
  if not utf8.len(s) or utf8.len(s) <= LONG or s:find('%s') then return { s } end
  local out = {}
  for part in s:gmatch('[%w\128-\255]*%p*') do if part ~= '' then out[#out + 1] = part end end
  return out
end
local function word(s)
  local out = {}
  for i, part in ipairs(pieces(s)) do out[i] = esc(part) end
  return table.concat(out, '#box()')
end

local function wrapped(open, content, close)
  local out = pandoc.Inlines { inline(open) }
  out:extend(content)
  out:insert(inline(close))
  return out
end

-- Blocks as the body of a Typst argument: [ ... ]
local function body(blocks)
  local out = pandoc.Blocks {}
  if #blocks == 1 and (blocks[1].t == 'Plain' or blocks[1].t == 'Para') then
    out:insert(pandoc.Plain(wrapped('[', blocks[1].content, '],')))
  elseif #blocks == 0 then
    out:insert(block('[],'))
  else
    out:insert(block('['))
    out:extend(blocks)
    out:insert(block('],'))
  end
  return out
end

local function maths(el, display, tex)
  -- negative thin spaces are tuned to the fonts of TeX
  local plain = tex:gsub('\\!', '')
  local source = pandoc.write(pandoc.Pandoc { pandoc.Plain { pandoc.Math('InlineMath', plain) } }, 'typst')
  source = source:gsub('%s+$', '')
  local inner = source:match('^%$(.*)%$$')
  if not inner then error('this formula cannot be set: ' .. tex) end
  local pad = display and ' ' or ''
  return inline('#math.equation(block: ' .. tostring(display) .. ', alt: ' .. quote(tex) .. ', $'
    .. pad .. inner .. pad .. '$)')
end

function Code(el)
  if has(el, 'ar-math') then return maths(el, false, el.text) end
  if has(el, 'ar-display') then return maths(el, true, el.text) end
  local out = {}
  for i, part in ipairs(pieces(el.text)) do out[i] = '#raw(' .. quote(part) .. ')' end
  return inline(table.concat(out, '#box()'))
end

function CodeBlock(el)
  local lang = el.classes[1] or ''
  if lang == 'ar-output' then return block('#output(' .. quote(el.text) .. ')') end
  return block('#listing(' .. quote(lang) .. ', ' .. quote(el.text) .. ')')
end

function Span(el)
  if has(el, 'ar-anchor') then return inline('#anchor(' .. label(el) .. ')') end
  if has(el, 'ar-number') then return wrapped('#number[', el.content, ']') end
  if has(el, 'caption-number') then return wrapped('#caption-number[', el.content, ']') end
  if has(el, 'ar-box') then
    return inline('#box-mark(' .. tostring(pandoc.utils.stringify(el) == 'yes') .. ')')
  end
  if has(el, 'sure') then return wrapped('#sure[', el.content, ']') end
  if has(el, 'ar-footnote') then return pandoc.Note { pandoc.Plain(el.content) } end
  if has(el, 'ar-citation-label') then return wrapped('#strong[', el.content, '] ') end
  return el.content
end

function Link(el)
  local to = el.target
  local where = to:sub(1, 1) == '#' and ('label(' .. quote(to:sub(2)) .. ')') or quote(to)
  return wrapped('#link(' .. where .. ')[', el.content, ']')
end

function Image(el)
  local alt = pandoc.utils.stringify(el.caption)
  return inline('#small-image(' .. quote(el.src) .. ', ' .. quote(alt) .. ')')
end

function Header(el)
  local out = pandoc.Inlines { inline('#heading(level: ' .. el.level .. ')[') }
  out:extend(el.content)
  out:insert(inline('] #label(' .. quote(el.identifier) .. ')'))
  return pandoc.Plain(out)
end

local function caption_of(blocks)
  local rest, caption = pandoc.Blocks {}, nil
  for _, b in ipairs(blocks) do
    if not caption and b.t == 'Div' and has(b, 'ar-caption') then caption = b.content
    else rest:insert(b) end
  end
  return caption, rest
end

-- Set width of a text in ems of Libertinus Serif, near enough to share out a page.
local function ems(s)
  local sum = 0
  for _, code in utf8.codes(s) do
    local c = code < 128 and string.char(code) or 'n'
    sum = sum + (c:find('[MWmw@%%]') and 0.8 or c:find('%u') and 0.66
      or c:find('[iljtfr%.,:;\'|%(%)%[%] %-!/]') and 0.31 or 0.49)
  end
  return sum
end

-- Width of the widest piece that cannot be broken: long words of letters are hyphenated.
local function widest(text)
  local most = 0
  for token in text:gmatch('%S+') do
    local parts = pieces(token)
    if #parts == 1 then parts = { token:match('^(.-[%-/])%l') or token } end
    for _, part in ipairs(parts) do
      if #part > 12 and part:match('^%a+%p*$') then part = part:sub(1, 10) end
      most = math.max(most, utf8.len(part) and ems(part) or 6)
    end
  end
  return most
end

local function measure(el, rows)
  local columns, tall = {}, false
  for i = 1, #el.colspecs do columns[i] = { least = 1, most = 1, sum = 0, cells = 0, num = 0 } end
  for _, row in ipairs(rows) do
    local at = 1
    for _, cell in ipairs(row.cells) do
      local c = columns[at]
      if c and cell.col_span == 1 then
        local text = pandoc.utils.stringify(cell.contents)
        local width = utf8.len(text) and ems(text) or #text / 2
        c.least = math.max(c.least, widest(text))
        c.most = math.max(c.most, width)
        tall = tall or width > 700
        c.sum = c.sum + width
        c.cells = c.cells + 1
        if has(cell, 'num') or has(cell, 'text-right') then c.num = c.num + 1 end
      end
      at = at + cell.col_span
    end
  end
  for _, c in ipairs(columns) do
    c.mean = c.cells > 0 and c.sum / c.cells or 1
    c.numeric = c.num > 0 and c.num >= c.cells / 2
    if c.most < 9 then c.least = c.most end  -- a short cell stays on one line
  end
  return columns, tall
end

local PORTRAIT, LANDSCAPE, GAP = 459, 692, 10   -- points: the text block, upright and turned

local function total(columns, key)
  local sum = 0
  for _, c in ipairs(columns) do sum = sum + c[key] end
  return sum
end

-- Type size, direction of the page and widths of the columns, so that nothing is set under 7 pt.
local function layout(columns, turned)
  local least, most, gaps = total(columns, 'least'), total(columns, 'most'), #columns * GAP
  local size, wide = nil, true
  if not turned then
    for _, s in ipairs { 8.5, 8, 7.5 } do
      if least * s * (least < most and 1.12 or 1) + gaps <= PORTRAIT then size, wide = s, false; break end
    end
  end
  for _, s in ipairs { 8.5, 8, 7.5, 7 } do
    if not size and least * s * 1.05 + gaps <= LANDSCAPE then size = s end
  end
  local crowded = not size
  size = size or 7
  local page = wide and LANDSCAPE or PORTRAIT
  local widths = {}
  if most * size + gaps <= page * 0.62 then
    for i in ipairs(columns) do widths[i] = 'auto' end
    return size, wide, widths, false
  end
  -- Each column has what it cannot do without; the rest goes where the text is.
  local spare, want = math.max(0, (page - gaps) / size - least), 0
  for _, c in ipairs(columns) do
    c.want = math.max(0, math.min(c.most, math.sqrt(c.mean * c.most)) - c.least)
    want = want + c.want
  end
  for i, c in ipairs(columns) do
    local extra = want > 0 and spare * c.want / want or spare / #columns
    widths[i] = string.format('%.2ffr', (c.least + extra) * size + GAP)
  end
  return size, wide, widths, crowded
end

local function inlines_of(cell) return pandoc.utils.blocks_to_inlines(cell.contents) end

local function cells_of(rows, columns, head)
  local out = pandoc.Blocks {}
  for _, row in ipairs(rows) do
    local at = 1
    for _, cell in ipairs(row.cells) do
      local args = pandoc.List {}
      if cell.col_span > 1 then args:insert('colspan: ' .. cell.col_span) end
      if cell.row_span > 1 then args:insert('rowspan: ' .. cell.row_span) end
      if not head and (has(cell, 'num') or has(cell, 'text-right')) and not columns[at].numeric then
        args:insert('align: right')
      end
      local group = not head and cell.col_span == #columns and #columns > 1
      local content = body(group and { pandoc.Plain(wrapped('#strong[', inlines_of(cell), ']')) }
        or cell.contents)
      if has(cell, 'missing') and #cell.contents == 1 then
        content = body { pandoc.Plain(wrapped('#missing[', inlines_of(cell), ']')) }
      end
      if group then args:insert('fill: band') end
      if #args > 0 then
        out:insert(block('table.cell(' .. table.concat(args, ', ') .. ','))
        out:extend(content)
        out:insert(block('),'))
      else
        out:extend(content)
      end
      at = at + cell.col_span
    end
  end
  return out
end

local function table_call(el, caption, name, turned)
  local rows, heads, feet = pandoc.List {}, pandoc.List {}, pandoc.List {}
  for _, row in ipairs(el.head.rows) do   -- a heading without words is no heading
    local words = ''
    for _, cell in ipairs(row.cells) do words = words .. pandoc.utils.stringify(cell.contents) end
    if words ~= '' then heads:insert(row) end
  end
  for _, b in ipairs(el.bodies) do rows:extend(b.head); rows:extend(b.body) end
  feet:extend(el.foot.rows)
  local all = pandoc.List {}
  all:extend(heads); all:extend(rows); all:extend(feet)
  local columns, tall = measure(el, all)
  local size, wide, widths, crowded = layout(columns, turned)
  local aligns = pandoc.List {}
  for i, c in ipairs(columns) do
    local a = tostring(el.colspecs[i][1])
    aligns:insert((c.numeric or a == 'AlignRight') and 'right' or a == 'AlignCenter' and 'center' or 'left')
  end
  local out = pandoc.Blocks {}
  if crowded then
    local first = heads[1] and heads[1].cells[1] and pandoc.utils.stringify(heads[1].cells[1].contents)
    out:insert(block('//crowded: ' .. #columns .. ' columns, first heading ' .. (first or 'none')))
  end
  out:insert(block('#data-table(columns: (' .. table.concat(widths, ', ') .. ',), align: ('
    .. table.concat(aligns, ', ') .. ',), size: ' .. size .. 'pt, wide: ' .. tostring(wide)
    .. ', long: ' .. tostring(#rows > 12) .. ', heads: ' .. #heads .. ', split: ' .. tostring(tall)
    .. ', name: ' .. name .. ', caption: '))
  if caption then out:extend(body(caption)) else out:insert(block('none,')) end
  if #heads > 0 then
    out:insert(block('table.header(repeat: true,'))
    out:extend(cells_of(heads, columns, true))
    out:insert(block('),'))
  end
  out:extend(cells_of(rows, columns, false))
  if #feet > 0 then
    out:insert(block('table.footer(repeat: false,'))
    out:extend(cells_of(feet, columns, false))
    out:insert(block('),'))
  end
  out:insert(block(')'))
  return out
end

function Table(el)
  local caption = #el.caption.long > 0 and el.caption.long or nil
  return table_call(el, caption, label(el), has(el, 'landscape'))
end

function Figure(el)
  local image
  el:walk { Image = function(i) image = image or i end }
  local caption = #el.caption.long > 0 and el.caption.long or nil
  if not image then
    local out = pandoc.Blocks {}
    for _, b in ipairs(el.content) do
      if b.t == 'Table' then
        out:extend(table_call(b, caption, label(el), has(el, 'landscape')))
        caption = nil
      else
        out:insert(b)
      end
    end
    return out
  end
  local out = pandoc.Blocks { block('#picture(' .. quote(image.src) .. ', '
    .. quote(pandoc.utils.stringify(image.caption)) .. ', name: ' .. label(el) .. ', caption: ') }
  if caption then out:extend(body(caption)) else out:insert(block('none,')) end
  out:insert(block(')'))
  return out
end

local function titled(el, call)
  local title, rest = pandoc.Blocks {}, el.content:clone()
  if rest[1] and rest[1].t == 'Div' and has(rest[1], 'ar-title') then
    title = rest[1].content
    rest:remove(1)
  end
  local out = pandoc.Blocks { block(call) }
  out:extend(body(title))
  out:insert(block('['))
  out:extend(rest)
  out:insert(block('])'))
  return out
end

function Div(el)
  if has(el, 'ar-equation') then
    local content
    el:walk { RawInline = function(r) content = content or r.text end }
    return block('#equation(' .. quote(el.attributes.number or '') .. ', ' .. label(el) .. ')['
      .. (content or '') .. ']')
  end
  if has(el, 'ar-admonition') then
    local kind = 'note'
    for _, k in ipairs { 'warning', 'important', 'tip', 'caution', 'danger', 'seealso', 'fold' } do
      if has(el, 'ar-' .. k) then kind = k end
    end
    return titled(el, '#admonition(' .. quote(kind) .. ', ')
  end
  if has(el, 'answer') then
    local out = pandoc.Blocks { block('#answer(') }
    for _, b in ipairs(el.content) do
      local part = b.t == 'Div' and b.content:clone() or pandoc.Blocks { b }
      if b.t == 'Div' and has(b, 'big') and part[1] and part[1].content then
        part[1] = pandoc.Para(wrapped('#big[', part[1].content, ']'))
      end
      out:extend(body(part))
    end
    out:insert(block(')'))
    return out
  end
  if has(el, 'ar-aside') then
    return pandoc.Blocks { block('#aside[') } .. el.content .. pandoc.Blocks { block(']') }
  end
  if has(el, 'citation') then
    return pandoc.Blocks { block('#reference[') } .. el.content .. pandoc.Blocks { block(']') }
  end
end

-- First pass over the blocks: boxes that mean nothing on paper go, so tables lie in the open.
local plain = { 'answer', 'big', 'says', 'ar-equation', 'ar-admonition', 'ar-aside', 'ar-caption', 'ar-title', 'citation',
  'table-block' }
local function flatten(el)
  for _, class in ipairs(plain) do if has(el, class) then return nil end end
  return el.content:map(function(b) return b.t == 'Plain' and pandoc.Para(b.content) or b end)
end

-- A table block lends its caption and its label to the table in it.
local function table_block(el)
  if not has(el, 'table-block') then return nil end
  local caption, rest = caption_of(el.content)
  local out = pandoc.Blocks {}
  for _, b in ipairs(rest) do
    if b.t == 'Table' and caption then
      out:extend(table_call(b, caption, label(el), has(el, 'landscape')))
      caption = nil
    else
      out:insert(b)
    end
  end
  return out
end

-- Tasks show their boxes in place of bullets; a mixed list is split where the kind changes.
local function tasks(el)
  local function task(item)
    local first = item[1] and item[1].content and item[1].content[1]
    return first and first.t == 'RawInline' and first.text:find('^#box%-mark') ~= nil
  end
  local runs = pandoc.List {}
  for i, item in ipairs(el.content) do
    if i == 1 or task(item) ~= task(el.content[i - 1]) then runs:insert(pandoc.List { item }) else runs[#runs]:insert(item) end
  end
  local out = pandoc.Blocks {}
  for _, run in ipairs(runs) do
    if task(run[1]) then
      out:extend { block('#[#set list(marker: [], body-indent: 0pt)'), pandoc.BulletList(run), block(']') }
    else
      out:insert(pandoc.BulletList(run))
    end
  end
  return out
end

local function definitions(el)
  local out = pandoc.Blocks { block('#terms(') }
  for _, item in ipairs(el.content) do
    out:insert(block('terms.item('))
    out:insert(pandoc.Plain(wrapped('[', item[1], '],')))
    local all = pandoc.Blocks {}
    for _, d in ipairs(item[2]) do all:extend(d) end
    out:extend(body(all))
    out:insert(block('),'))
  end
  out:insert(block(')'))
  return out
end

return {
  { Code = Code, CodeBlock = CodeBlock, Span = Span, Link = Link },
  { Div = flatten },
  { Div = table_block, Figure = Figure },
  { Table = Table, Header = Header, Div = Div, BulletList = tasks, DefinitionList = definitions, Image = Image },
  { Str = function(el) return inline(word(el.text)) end },
}
